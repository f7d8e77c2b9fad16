//! Search with the nearest put in order by matching, and over clips: what the run's evaluation does, by the library, the
//! commands and the page.

use std::io::Read;
use std::path::Path;

use tuwen::eval::{Rest, SEED_REST};
use tuwen::model::{Clips, Index, Model, ModelError, Pictures};
use tuwen::train::albef::{Rerank, RerankScore, encode, rerank_by_matching, retrieve};
use tuwen::train::{Architecture, Checkpoint, Recipe, StartFrom, Trained, Which, averaged_weights};
use tuwen::vision::Image;

use crate::albef_fixture::picture;
use crate::fixture::{device, run, small, write_tar};
use crate::golden::workspace;
use crate::program::{called, done, said, text};
use crate::serve::Server;
use crate::use_model::{heldout, short_run};

/// How far a score may be from the evaluation's, which pads texts otherwise; logits and cosines over a temperature are
/// below 20.
const BESIDE: f32 = 1e-4;

fn refused(arguments: &[&str]) -> String {
    let output = called(arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn candidates_get_the_scores_of_the_runs_evaluation() {
    let folder = tempfile::tempdir().unwrap();
    let assembly = short_run(folder.path());
    let trained = || Trained::open(folder.path(), Which::Newest, |_| ()).unwrap();
    let newest = Checkpoint::newest(&folder.path().join("checkpoints"), |_| ()).unwrap();
    let tested = averaged_weights(&newest.model, &newest.optimizer);
    let state = assembly.restore(assembly.start(&device().autodiff()), &tested).unwrap();
    let valid = burn::module::Module::valid(&state.model);
    let heldout = assembly.heldout_pairs(&mut |reason| panic!("{reason}")).unwrap();
    let (gallery, pad) = (&heldout.gallery, assembly.text.tokenizer.special_ids().pad);
    let captions = &gallery.captions[0].1[..6];
    let encoded = encode(&valid, &gallery.pictures, captions, (pad, 8));
    let found = retrieve(&encoded, 8).unwrap();
    let pictures: Vec<&Image> = gallery.pictures.iter().map(|picture| &picture.image).collect();
    let texts: Vec<&str> = captions.iter().map(|caption| caption.text.as_str()).collect();
    for score in [RerankScore::Matching, RerankScore::Product] {
        let how = Rerank { candidates: 4, score, rest: Rest::Seed };
        let evaluated = rerank_by_matching(&valid, &encoded, &found, how, 8).unwrap();
        let mut changed = trained();
        if let Recipe::Albef(recipe) = &mut changed.recipe {
            recipe.evaluation.rerank_score = score;
        }
        let model = Model::of(changed, &device()).unwrap().with_batch(3);
        let close = |expected: &[f32], orders: &[f32]| {
            let pairs = expected.iter().zip(orders).filter(|(expected, _)| **expected != SEED_REST);
            let compared: Vec<f32> = pairs.map(|(expected, order)| (expected - order).abs()).collect();
            assert!(compared.len() == 4 && compared.iter().all(|by| *by <= BESIDE), "{score:?}: {compared:?}");
        };
        for (number, text) in texts.iter().enumerate() {
            let scores = model.match_stream(text, pictures.iter().copied(), Ok::<&Image, ModelError>).unwrap();
            let orders: Vec<f32> = scores.map(|score| score.unwrap().order).collect();
            close(evaluated.t2i.row(number), &orders);
        }
        for (number, picture) in pictures.iter().enumerate().take(3) {
            let scores = model.match_scores(picture, &texts).unwrap();
            close(evaluated.i2t.row(number), &scores.iter().map(|score| score.order).collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_search_puts_the_nearest_in_order_and_leaves_the_others_behind_them() {
    let folder = tempfile::tempdir().unwrap();
    short_run(folder.path());
    let model = Model::open(folder.path(), &device()).unwrap();
    let pictures = Pictures::open(&heldout()).unwrap();
    let index = Index::open(&model, pictures.clone(), None, &mut |_| ()).unwrap();
    let nearest = index.search(&model, "a red circle", 6).unwrap();
    let found = index.search_reranked(&model, "a red circle", (6, 4), &mut |_, error| panic!("{error}")).unwrap();
    let places = |count: usize| nearest[..count].iter().map(|ranked| ranked.place);
    let scores = model.match_stream("a red circle", places(4), |place| pictures.read(place)).unwrap();
    let mut expected: Vec<(f32, usize)> =
        scores.zip(places(4)).map(|(score, place): (Result<_, ModelError>, _)| (score.unwrap().order, place)).collect();
    expected.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let expected: Vec<usize> = expected.into_iter().map(|(_, place)| place).chain(places(6).skip(4)).collect();
    assert_eq!(found.iter().map(|found| found.place).collect::<Vec<_>>(), expected);
    let matched: Vec<bool> = found.iter().map(|found| found.probability.is_some()).collect();
    assert_eq!(matched, [true, true, true, true, false, false]);
}

#[test]
fn both_scores_are_told_on_the_command_line_in_both_directions() {
    let folder = tempfile::tempdir().unwrap();
    let (run, pictures, list) =
        (folder.path().join("run"), folder.path().join("pictures"), folder.path().join("texts.lines"));
    short_run(&run);
    std::fs::create_dir(&pictures).unwrap();
    for (name, tint) in [("a.png", 1), ("b.png", 90), ("c.png", 200)] {
        std::fs::write(pictures.join(name), picture(tint)).unwrap();
    }
    let model = text(&run);
    let found = done(&["search", text(&pictures), "红色的圆", "--model", model, "--rerank", "2"]);
    let lines: Vec<&str> = found.lines().collect();
    assert_eq!(lines[0], "3 pictures; nearest to `红色的圆`, the 2 nearest put in order by matching:");
    assert_eq!(lines[1], "match   cosine");
    assert!(
        lines.len() == 5 && lines[2..4].iter().all(|line| line.contains("%  ")) && lines[4].contains("–"),
        "{found}"
    );
    // A picture that goes after it was embedded costs itself alone.
    let opened = Model::open(&run, &device()).unwrap();
    let index = Index::open(&opened, Pictures::open(&pictures).unwrap(), None, &mut |_| ()).unwrap();
    std::fs::rename(pictures.join("b.png"), folder.path().join("away.png")).unwrap();
    let mut skipped = Vec::new();
    let left = index.search_reranked(&opened, "红色的圆", (3, 3), &mut |place, _| skipped.push(place)).unwrap();
    assert_eq!((left.len(), skipped.len(), index.pictures().name(skipped[0])), (2, 1, "b.png"));
    assert!(left.iter().all(|found| found.probability.is_some() && found.place != skipped[0]));
    std::fs::write(&list, "a red circle\n红色的圆\n\na dog\n").unwrap();
    let image = pictures.join("a.png");
    let search = ["search", text(&list), text(&image), "--texts", "--model", model, "--rerank", "9", "--top", "2"];
    let found = done(&search);
    assert!(found.starts_with("3 texts; nearest to `"), "{found}");
    assert!(found.lines().count() == 4 && found.matches('%').count() == 2, "{found}");
}

#[test]
fn clips_are_searched_matched_and_filled_in_from_the_command_line_and_on_the_page() {
    let folder = tempfile::tempdir().unwrap();
    run(&small(&["schedule.duration={steps=2}"]).unwrap(), folder.path(), StartFrom::Scratch).unwrap();
    let (records, model) = (workspace().join("datasets/fluent-clips/heldout.tar"), text(folder.path()));
    let opened = Model::open(folder.path(), &device()).unwrap();
    let clips = Clips::open(opened.recipe(), &records).unwrap();
    let (name, clip) = clips.read(0).unwrap();
    let found = done(&["search", text(&records), "挥手", "--model", model, "--top", "3"]);
    let best = clips.search(&opened, "挥手", &mut |_, reason| panic!("{reason}")).unwrap();
    let alone = opened.match_clips(&[clip.titled("挥手")]).unwrap()[0];
    let searched = best.iter().find(|found| found.name == name).unwrap();
    assert!((searched.probability - alone).abs() <= 1e-6 && searched.place == 0);
    assert!(best.is_sorted_by(|a, b| a.probability >= b.probability) && best.len() == clips.len());
    assert!(found.lines().count() == 4 && found.lines().nth(1).unwrap().ends_with(&best[0].name), "{found}");

    let one = format!("{}#{name}", text(&records));
    let matched = done(&["match", &one, "a dog", "挥手", "--model", model]);
    assert!(matched.lines().nth(2).unwrap().starts_with(&format!("{:5.1}%", 100.0 * alone)), "{matched}");
    assert_eq!(done(&["fill", &one, "a [MASK] hand", "--model", model, "--top", "3"]).lines().count(), 4);
    let told = refused(&["match", &format!("{}#nobody", text(&records)), "a", "--model", model]);
    assert!(told.contains(&format!("no clip is called `nobody`; one is called `{name}`")), "{told}");
    assert!(refused(&["search", text(&records), "a", "--rerank", "2", "--model", model]).contains("for an ALBEF"));
    assert!(refused(&["fill", "a [MASK]", "--model", model]).contains("RECORDS#NAME"));
    on_the_page(&Server::start(folder.path(), &records), &best[0].name);
    a_broken_clip_is_named_and_costs_itself_alone(folder.path(), &records);
}

fn a_broken_clip_is_named_and_costs_itself_alone(run: &Path, records: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("broken.tar");
    with_a_broken_clip(records, &place);
    let output = called(&["search", text(&place), "挥手", "--model", text(run)]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains(&format!("skipped {}, record `1f91a-1f3fe`: ", place.display())), "{told}");
    assert!(said(&output).starts_with("1 clips, 1 skipped; by how well"), "{output:?}");
    let (status, found) = Server::start(run, &place).get("/?q=%E6%8C%A5%E6%89%8B");
    assert!(
        status == 200 && found.contains("1 clips by how well") && found.contains("1 could not be matched"),
        "{found}"
    );
    assert!(
        found.contains("<li>broken.tar, record `1f91a-1f3fe`: ") && !found.contains(text(folder.path())),
        "{found}"
    );
}

/// The first two clips of `records`, the second one with a picture that is none.
fn with_a_broken_clip(records: &Path, place: &Path) {
    let mut archive = tar::Archive::new(std::fs::File::open(records).unwrap());
    let mut entries = Vec::new();
    for entry in archive.entries().unwrap().take(4) {
        let mut entry = entry.unwrap();
        let (name, mut bytes) = (entry.path().unwrap().display().to_string(), Vec::new());
        entry.read_to_end(&mut bytes).unwrap();
        entries.push((name, bytes));
    }
    assert_eq!(entries[2].0, "1f91a-1f3fe.jpg");
    entries[2].1 = b"no picture".to_vec();
    let entries: Vec<(&str, Vec<u8>)> = entries.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    write_tar(place, &entries);
}

fn on_the_page(server: &Server, best: &str) {
    let (status, home) = server.get("/");
    assert!(status == 200 && home.contains("263 clips, the first 60") && !home.contains("rerank"), "{home}");
    let (status, found) = server.get("/?q=%E6%8C%A5%E6%89%8B");
    assert!(status == 200 && found.contains("263 clips by how well “挥手” matches them"), "{found}");
    let first = found.split("class=\"name\">").nth(1).unwrap();
    assert!(first.starts_with(&format!("{best} · ")), "{first}");
    let sides = |path: &str| {
        let (_, answer) = server.raw(format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).as_bytes());
        let start = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let shown = image::load_from_memory(&answer[start..]).unwrap();
        (shown.width(), shown.height())
    };
    let ((frame, height), (strip, low)) = (sides("/small/0"), sides("/large/0"));
    assert!(frame == height && strip == 8 * low, "one frame, and all eight");
    let (status, looked) = server.get("/picture/0?text=a+dog&fill=a+%5BMASK%5D+hand");
    assert!(status == 200 && looked.contains("that they belong together") && !looked.contains("Cosine"), "{looked}");
    assert_eq!(looked.matches("<tr>").count(), 8, "guesses");
}
