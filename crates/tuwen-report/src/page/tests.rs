//! Whole pages: what is on them, that nothing gets out of its place, and how large they grow.

use std::fmt::Write as _;
use std::path::Path;

use crate::report;

fn write(folder: &Path, name: &str, content: &str) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join(name), content).unwrap();
}

#[test]
fn names_and_captions_are_text_wherever_they_stand() {
    let hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&";
    let quoted = hostile.replace('"', "\\\"");
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("<b>&\"run");
    write(
        &folder,
        "metrics.jsonl",
        &format!(
            "{{\"step\":1,\"loss/{quoted}\":1,\"{quoted}\":null}}\n{{\"step\":2,\"heldout\":{{\"tasks\":{{\"{quoted}\":\
             {{\"loss\":1,\"accuracy\":1,\"chance\":1}}}}}}}}\n"
        ),
    );
    write(&folder, "summary.json", &format!("{{\"recipe\":\"{quoted}\",\"device\":\"{quoted}\"}}"));
    write(&folder, "recipe.toml", &format!("name = \"{quoted}\"\n"));
    let token = format!("{{\"text\":\"{quoted}\",\"guesses\":[{{\"text\":\"{quoted}\",\"probability\":1}}]}}");
    write(
        &folder,
        "samples.json",
        &format!(
            "{{\"samples\":[{{\"record\":\"{quoted}\",\"picture\":\"{quoted}\",\"tokens\":[{token}],\"maps\":[{{\"word\":\"{quoted}\",\"picture\":\"{quoted}\"}}]}}]}}"
        ),
    );
    write(
        &folder,
        "downstream.json",
        &format!(
            "{{\"results\":{{\"bootstrap\":{{\"resamples\":1,\"confidence\":0.5,\"seed\":1}},\"rows\":[{{\"task\":\"{quoted}\",\"measure\":\"{quoted}\",\
             \"unit\":\"share\",\"value\":1,\"interval\":{{\"low\":1,\"high\":1}},\"chance\":0,\"records\":9}}]}},\"examples\":[{{\"task\":\"{quoted}\",\
             \"pictures\":[\"{quoted}\"],\"text\":\"{quoted}\",\"expected\":[\"{quoted}\"],\"answers\":[{{\"text\":\"{quoted}\"}}],\"right\":false}}]}}"
        ),
    );
    write(
        &folder,
        "run.json",
        &format!("{{\"processes\":[{{\"code\":\"{quoted}\",\"data\":{{\"{quoted}\":{{}}}}}}]}}"),
    );
    write(&folder, "<i onload=alert(1)>.png", "no picture");
    let html = report(&[folder]).unwrap().html;
    assert_eq!(html.matches("<script").count(), 2, "the data and the page's own script");
    assert!(html.matches("alert(1)&lt;/script").count() > 5, "escaped, and there");
    for forbidden in ["<script>alert", "<img src=x", "<i onload", "<b>&", "onerror=alert(1)>\"'"] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn downstream_measures_stand_beside_their_chance_and_examples_below() {
    let folder = tempfile::tempdir().unwrap();
    let row = "{\"task\":\"vqa\",\"measure\":\"accuracy, tone\",\"unit\":\"share\",\"value\":0.613,\
               \"interval\":{\"low\":0.57,\"high\":0.65},\"chance\":0.2,\"records\":1290}";
    let example = "{\"task\":\"vqa\",\"text\":\"what skin tone\",\"expected\":[\"dark\"],\"right\":true,\
                   \"pictures\":[\"examples/1.png\"],\"answers\":[{\"text\":\"dark\",\"probability\":0.75}]}";
    let bootstrap = "{\"resamples\":1000,\"confidence\":0.95,\"seed\":42}";
    let text = format!("{{\"results\":{{\"bootstrap\":{bootstrap},\"rows\":[{row}]}},\"examples\":[{example}]}}");
    write(folder.path(), "downstream.json", &text);
    write(&folder.path().join("examples"), "1.png", "abc");
    let html = report(&[folder.path().to_owned()]).unwrap().html;
    for part in
        ["61.3 [57.0, 65.0], chance 20.0", " of 1,290", "95.0 % interval of 1,000", "what skin tone", "75 %", "YWJj"]
    {
        assert!(html.contains(part), "{part}");
    }
    assert!(html.contains("class=\"masked right\""));
}

#[test]
fn nothing_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "metrics.jsonl", "{\"step\":1,\"loss/mlm\":1}\n");
    write(folder.path(), "grid.png", "abc");
    let html = report(&[folder.path().to_owned()]).unwrap().html;
    assert!(html.contains("default-src 'none'; img-src data:"));
    assert!(html.contains("src=\"data:image/png;base64,YWJj\""));
    // The one address is the name of the SVG language, which is not fetched.
    assert_eq!(html.matches("http").count() - html.matches("http-equiv").count(), 1);
    assert!(html.contains("\"http://www.w3.org/2000/svg\""));
}

#[test]
fn lines_that_cant_be_read_are_on_the_page() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "metrics.jsonl", "{\"step\":1,\"loss/mlm\":1}\n{broken\n{\"step\":3,\"loss/mlm\":2}\n");
    let report = report(&[folder.path().to_owned()]).unwrap();
    assert_eq!(report.faults.len(), 1);
    assert!(report.html.contains("metrics.jsonl, line 2: "));
}

#[test]
fn keys_that_differ_stand_above_all_keys() {
    let parent = tempfile::tempdir().unwrap();
    let folders = ["a", "b"].map(|name| parent.path().join(name));
    for (folder, seed) in folders.iter().zip([42, 7]) {
        write(folder, "metrics.jsonl", "{\"step\":1}\n");
        write(folder, "recipe.toml", &format!("seed = {seed}\n[data]\nbatch_size = 32\n"));
    }
    let html = report(&folders).unwrap().html;
    assert!(html.contains("1 of 2 keys differ"));
    assert_eq!(
        (html.matches("<code>seed</code>").count(), html.matches("<code>data.batch_size</code>").count()),
        (2, 1)
    );
}

#[test]
fn measures_of_ones_own_stand_in_the_table_and_in_a_chart() {
    let folder = tempfile::tempdir().unwrap();
    let test = r#"{"tasks":{},"metrics":{"modality gap":{"value":0.4629,"chance":0.25}}}"#;
    write(folder.path(), "metrics.jsonl", &format!("{{\"step\":1}}\n{{\"step\":2,\"heldout\":{test}}}\n"));
    let html = report(&[folder.path().to_owned()]).unwrap().html;
    assert!(html.contains("0.463") && html.contains("guessing 0.250"), "the table");
    assert!(html.contains(r#""title":"modality gap""#), "the chart");
    assert!(!html.contains("Not tested on held-out records yet"));
}

#[test]
fn samples_show_only_where_there_are_some() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "metrics.jsonl", "{\"step\":1}\n");
    let page = || report(&[folder.path().to_owned()]).unwrap().html;
    assert!(!page().contains("Held-out samples"));
    let tokens = r###"[{"text":"play"},{"text":"##ing","guesses":[{"text":"##ing","probability":0.75}]}]"###;
    write(folder.path(), "samples.json", &format!("{{\"samples\":[{{\"tokens\":{tokens}}}]}}"));
    assert!(page().contains("Held-out samples") && page().contains("75 %") && page().contains("masked right"));
}

#[test]
fn ten_long_runs_stay_below_ten_megabytes() {
    let parent = tempfile::tempdir().unwrap();
    let mut lines = String::new();
    for step in 1..=20_000 {
        let noise = f64::from(step * 7919 % 10_007) / 10_007.0 + 1.0;
        write!(lines, "{{\"step\":{step}").unwrap();
        ["itm", "mlm", "ita", "mfm", "tag", "total"]
            .iter()
            .for_each(|task| write!(lines, ",\"loss/{task}\":{noise}").unwrap());
        writeln!(lines, ",\"gradient_norm\":{noise},\"rate_factor\":{noise}}}").unwrap();
    }
    let names = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    for name in names {
        write(&parent.path().join(name), "metrics.jsonl", &lines);
        write(&parent.path().join(name), "large.png", &"x".repeat(1_000_000));
    }
    let html = report(&[parent.path().to_owned()]).unwrap().html;
    assert!(html.len() < 10_000_000, "{} bytes", html.len());
    assert!(html.contains("left out, its 1000 kB would make the page too large"));
}
