//! Small sets written by the test, each with a fault in it, and what is said of them.

mod set;

use tuwen_doctor::{Diagnosis, PositivesExpectation, TagsExpectation, Weight};

use set::{Set, expecting, picture, png};

/// The sentence and the advice that hold `part`.
#[track_caller]
fn said<'a>(diagnosis: &'a Diagnosis, part: &str) -> (&'a str, Option<String>) {
    let finding = diagnosis.findings.iter().find(|finding| finding.sentence.contains(part));
    let finding = finding.unwrap_or_else(|| panic!("no sentence with `{part}` in\n{diagnosis}"));
    let advice = finding.advice.as_ref();
    let advice =
        advice.map(|a| format!("{}{}", a.key, a.value.as_ref().map(|v| format!(" = {v}")).unwrap_or_default()));
    (&finding.sentence, advice)
}

fn positives() -> Option<String> {
    Some("tasks.positives = \"shared_image_or_caption\"".to_owned())
}

#[test]
fn nothing_wrong_is_nothing_but_facts() {
    let set = Set::default().pair("1", &picture(1), "a cat").pair("2", &picture(2), "a dog");
    let expectations = expecting(Some(16), PositivesExpectation::SharedImageOrCaption, TagsExpectation::NotLearned);
    let found = set.examine_as(&expectations);
    assert_eq!(found.weight(), Weight::Fact, "{found}");
    assert_eq!(said(&found, "readable").0, "2 records, all readable");
    assert_eq!(said(&found, "`vision.side`").0, "0 % are smaller than `vision.side` = 16 and are enlarged");
}

#[test]
fn equal_pictures_and_captions_are_counted_with_their_records() {
    let set = Set::default()
        .pair("1", &picture(1), "a cat")
        .pair("2", &picture(2), "a dog")
        .pair("3", &picture(1), "a cat")
        .pair("4", &picture(1), "a tiger")
        .pair("5", &picture(3), "a dog");
    let found = set.examine();
    let pictures = "1 of 3 different pictures occur in several records, 3 records in all, such as `1` and `3`; \
                    1 with different captions";
    assert_eq!(said(&found, "different pictures occur"), (pictures, positives()));
    let captions = "2 of 3 different `caption` captions occur in several records, 4 records in all, such as `1` and `3`; \
                    1 with different pictures";
    // The advice was given above.
    assert_eq!(said(&found, "different `caption` captions occur"), (captions, None));
    let heeded = expecting(None, PositivesExpectation::SharedImageOrCaption, TagsExpectation::Unknown);
    assert_eq!(said(&set.examine_as(&heeded), "different pictures occur").1, None);
    let half = expecting(None, PositivesExpectation::SharedImage, TagsExpectation::Unknown);
    let found = set.examine_as(&half);
    assert_eq!(
        (said(&found, "different pictures occur").1, said(&found, "different `caption` captions occur").1),
        (None, positives())
    );
}

#[test]
fn unusable_records_are_named_with_their_reasons() {
    let set = Set::default()
        .pair("1", &picture(1), "a cat")
        .pair("2", b"\xff\xd8 no picture", "a dog")
        .entry("3.jpg", &picture(3))
        .entry("3.json", br#"{"text": "an emu"}"#)
        .entry("4.jpg", &picture(4))
        .entry("4.json", b"{\"caption\": ")
        .entry("5.json", br#"{"caption": "no picture"}"#);
    let found = set.examine();
    assert_eq!((found.weight(), found.unreadable.records), (Weight::Fault, 4));
    assert!(said(&found, "can't be used").0.starts_with("4 of 5 records can't be used: "), "{found}");
    assert_eq!(said(&found, "`caption` is missing").0, "`caption` is missing in 1 record");
    let shown = found.to_string();
    for part in ["record `2`: ", "record `3`: no field `caption`", "record `4`: broken JSON", "record `5`: no `.jpg"] {
        assert!(shown.contains(part), "no `{part}` in\n{shown}");
    }
}

#[test]
fn nothing_readable_points_to_the_settings() {
    let found = Set::default().entry("1.json", b"{}").examine();
    assert_eq!(said(&found, "can't be used").1, Some("data.records".to_owned()));
}

#[test]
fn long_captions_and_unknown_words_are_told_with_a_length_that_would_do() {
    let mut set = Set::default().pair("0", &picture(0), "a cat a cat a zebra");
    for number in 1..30 {
        set = set.pair(&number.to_string(), &picture(number), "a cat");
    }
    let found = set.examine_as(&expecting(Some(16), PositivesExpectation::NoSuchKey, TagsExpectation::Unknown));
    let length = Some("text.layout.max_length = 8".to_owned()); // six words, `[CLS]`, `[SEP]`
    assert_eq!(
        said(&found, "are cut"),
        ("`caption`: 4 / 4 / 8 tokens; 3.3 % are cut at `text.layout.max_length` = 5", length)
    );
    // 1 of 6 + 29 · 2 tokens, in 1 of 30 captions.
    let unknown = "`caption`: 1.6 % of the tokens are unknown, in 3.3 % of the captions, such as `zebra`";
    assert_eq!(said(&found, "are unknown"), (unknown, Some("text.vocabulary".to_owned())));
}

#[test]
fn scripts_and_empty_captions_are_counted() {
    let captions = ["a cat", "一只猫", "T恤", "  "];
    let set = captions
        .iter()
        .zip(0..)
        .fold(Set::default(), |set, (caption, number)| set.pair(&number.to_string(), &picture(number), caption));
    let found = set.examine();
    let scripts = "`caption`: 4 captions of 0 / 2 / 5 characters; 25.0 % Latin, 25.0 % Han, 25.0 % Latin and Han together, \
                   25.0 % no letters";
    assert_eq!(said(&found, "Latin").0, scripts);
    assert_eq!(said(&found, "are empty").0, "`caption`: 1 of 4 captions are empty");
}

#[test]
fn small_pictures_are_enlarged_and_long_ones_squashed() {
    let set =
        Set::default().pair("1", &png(40, 100, 1), "a").pair("2", &png(40, 40, 2), "b").pair("3", &png(80, 64, 3), "c");
    let found = set.examine_as(&expecting(Some(64), PositivesExpectation::NoSuchKey, TagsExpectation::Unknown));
    assert_eq!(said(&found, "pixels").0, "40 / 40 / 80 × 40 / 64 / 100 pixels");
    assert_eq!(
        said(&found, "squashed").0,
        "33.3 % are more than twice as long as wide, and are squashed into a square"
    );
    let side = Some("vision.side = 32".to_owned()); // the multiple of 16 below 40
    assert_eq!(said(&found, "enlarged"), ("66.7 % are smaller than `vision.side` = 64 and are enlarged", side));
    let set = Set::default().pair("1", &png(300, 400, 1), "a");
    let found = set.examine_as(&expecting(Some(64), PositivesExpectation::NoSuchKey, TagsExpectation::Unknown));
    let large = "the median shorter side is 300 pixels, 4 times `vision.side` = 64: smaller files would load faster";
    assert_eq!(said(&found, "median shorter").0, large);
}

#[test]
fn rare_tags_are_left_out_of_the_suggestion() {
    let mut set = Set::default();
    for number in 0..11 {
        let tags = if number == 0 { r#"["pet", "odd"]"# } else { r#"["pet", "pet"]"# };
        let json = format!(r#"{{"caption": "{number}", "tags": {tags}}}"#);
        set = set.entry(&format!("{number}.jpg"), &picture(number)).entry(&format!("{number}.json"), json.as_bytes());
    }
    let found = set.pair("x", &picture(99), "no tags").examine();
    let tags = "2 tags; 91.7 % of the records have some, 1 / 1 / 2 each; without the field: 1 record";
    assert_eq!(said(&found, "2 tags").0, tags);
    let advice = Some("tasks.tag.vocabulary = { most_frequent = 1 }".to_owned());
    assert_eq!(said(&found, "fewer than"), ("in fewer than 10 records: 1 tag, the rarest, `odd`, in 1", advice));
}

#[test]
fn heldout_records_that_are_trained_on_are_a_fault() {
    let train = Set::default().pair("1", &picture(1), "a cat").pair("2", &picture(2), "a dog");
    let heldout = Set::default().pair("3", &picture(3), "a dog").pair("4", &picture(1), "a lion");
    let found = train.examine_beside(&heldout);
    assert_eq!(found.weight(), Weight::Fault);
    let picture = "the picture of 1 of 2 held-out records (50.0 %) is trained on too, such as `4`, in training `1`";
    assert_eq!(said(&found, "the picture").0, picture);
    let caption =
        "the `caption` caption of 1 of 2 held-out records (50.0 %) is trained on too, such as `3`, in training `2`";
    assert_eq!(said(&found, "the `caption` caption").0, caption);
    let apart = Set::default().pair("5", &png(16, 16, 9), "an emu");
    assert_eq!(
        said(&train.examine_beside(&apart), "held-out").0,
        "no picture and no caption of the 1 held-out record is trained on"
    );
}

#[test]
fn threads_change_nothing_and_a_part_is_part() {
    let set = (0..600).fold(Set::default(), |set, number| {
        set.pair(&number.to_string(), &picture(number % 50), &format!("caption {}", number % 70))
    });
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| serde_json::to_string(&set.examine().findings).expect("serialisable"))
    };
    assert_eq!(with(1), with(3));
    let found = set.examine_part(60);
    assert_eq!((found.records, found.examined), (600, 60));
    assert_eq!(said(&found, "were looked at").0, "60 of 600 were looked at, spread evenly");
}
