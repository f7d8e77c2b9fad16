//! The words of the synthetic set: what the attributes of a scene are called, and titles made of them.

use tuwen_random::Draws;

use crate::Title;
use crate::synth_scene::{Mover, Scene};

/// A word in both languages, with its tag.
pub(crate) struct Word {
    pub(crate) en: &'static str,
    pub(crate) zh: &'static str,
    pub(crate) tag: u32,
}

const fn word(tag: u32, en: &'static str, zh: &'static str) -> Word {
    Word { en, zh, tag }
}

pub(crate) const SHAPES: [Word; 5] = [
    word(1001, "circle", "圆形"),
    word(1002, "square", "正方形"),
    word(1003, "triangle", "三角形"),
    word(1004, "diamond", "菱形"),
    word(1005, "cross", "十字形"),
];

pub(crate) const COLOURS: [Word; 8] = [
    word(1101, "red", "红色"),
    word(1102, "green", "绿色"),
    word(1103, "blue", "蓝色"),
    word(1104, "yellow", "黄色"),
    word(1105, "purple", "紫色"),
    word(1106, "orange", "橙色"),
    word(1107, "cyan", "青色"),
    word(1108, "white", "白色"),
];

pub(crate) const SIZES: [Word; 3] =
    [word(1201, "small", "小"), word(1202, "medium", "中等大小的"), word(1203, "large", "大")];

pub(crate) const DIRECTIONS: [Word; 8] = [
    word(1301, "left", "左"),
    word(1302, "right", "右"),
    word(1303, "up", "上"),
    word(1304, "down", "下"),
    word(1305, "up-left", "左上"),
    word(1306, "up-right", "右上"),
    word(1307, "down-left", "左下"),
    word(1308, "down-right", "右下"),
];

pub(crate) const SPEEDS: [Word; 2] = [word(1401, "slowly", "慢慢地"), word(1402, "quickly", "快速地")];

/// The tag of a shape that stands still.
pub(crate) const STILL: Word = word(1403, "still", "静止");

/// All words, in the order of their tags.
pub(crate) fn all_words() -> impl Iterator<Item = &'static Word> {
    SHAPES.iter().chain(&COLOURS).chain(&SIZES).chain(&DIRECTIONS).chain(&SPEEDS).chain(std::iter::once(&STILL))
}

/// Ways to say one thing.
const TEMPLATES: u64 = 4;

/// A Chinese and an English title, each in a drawn wording (positions 0 and 1).
pub(crate) fn titles(scene: &Scene, draws: &Draws) -> Vec<Title> {
    let zh = in_chinese(scene, draws.below(0, TEMPLATES));
    let en = in_english(scene, draws.below(1, TEMPLATES));
    [("zh", zh), ("en", en)].map(|(language, text)| Title { language: language.to_owned(), text }).into()
}

fn in_english(scene: &Scene, template: u64) -> String {
    let clauses: Vec<String> = scene.movers().map(|mover| english_clause(mover, template)).collect();
    clauses.join(" and ")
}

fn english_clause(mover: &Mover, template: u64) -> String {
    let (size, colour, shape) = (SIZES[mover.size].en, COLOURS[mover.colour].en, SHAPES[mover.shape].en);
    let what = format!("{size} {colour} {shape}");
    let Some(motion) = mover.motion else {
        return match template {
            0 => format!("a {what} stands still"),
            1 => format!("a {what} does not move"),
            2 => format!("the {what} stays in its place"),
            _ => format!("there is a {what} standing still"),
        };
    };
    let (direction, speed) = (DIRECTIONS[motion.direction].en, SPEEDS[motion.speed].en);
    match template {
        0 => format!("a {what} moves {direction}"),
        1 => format!("a {what} moves {speed} {direction}"),
        2 => format!("the {what} is going {direction} {speed}"),
        _ => format!("there is a {what} moving {direction}"),
    }
}

fn in_chinese(scene: &Scene, template: u64) -> String {
    let clauses: Vec<String> = scene.movers().map(|mover| chinese_clause(mover, template)).collect();
    clauses.join("，")
}

fn chinese_clause(mover: &Mover, template: u64) -> String {
    let (size, colour, shape) = (SIZES[mover.size].zh, COLOURS[mover.colour].zh, SHAPES[mover.shape].zh);
    let what = format!("{colour}的{size}{shape}");
    let Some(motion) = mover.motion else {
        return match template {
            0 => format!("一个{what}静止不动"),
            1 => format!("一个{what}没有移动"),
            2 => format!("{what}停在原地"),
            _ => format!("画面中有一个{what}静止不动"),
        };
    };
    let (direction, speed) = (DIRECTIONS[motion.direction].zh, SPEEDS[motion.speed].zh);
    match template {
        0 => format!("一个{what}向{direction}移动"),
        1 => format!("一个{what}{speed}向{direction}移动"),
        2 => format!("{what}正在{speed}向{direction}移动"),
        _ => format!("画面中有一个{what}向{direction}移动"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth_scene::Motion;

    fn small_red_circle(motion: Option<Motion>) -> Mover {
        Mover { shape: 0, colour: 0, size: 0, motion }
    }

    #[test]
    fn titles_say_what_moves_where() {
        let slowly_left = Some(Motion { direction: 0, speed: 0 });
        let scene = Scene { main: small_red_circle(slowly_left), second: None };
        assert_eq!(in_english(&scene, 0), "a small red circle moves left");
        assert_eq!(in_chinese(&scene, 0), "一个红色的小圆形向左移动");
        assert_eq!(in_english(&scene, 1), "a small red circle moves slowly left");
        assert_eq!(in_chinese(&scene, 1), "一个红色的小圆形慢慢地向左移动");
    }

    #[test]
    fn second_shape_is_named_after_the_first() {
        let second = Mover { shape: 1, colour: 2, size: 2, motion: Some(Motion { direction: 7, speed: 1 }) };
        let scene = Scene { main: small_red_circle(None), second: Some(second) };
        assert_eq!(in_english(&scene, 0), "a small red circle stands still and a large blue square moves down-right");
        assert_eq!(in_chinese(&scene, 2), "红色的小圆形停在原地，蓝色的大正方形正在快速地向右下移动");
    }

    #[test]
    fn each_wording_is_drawn() {
        let scene = Scene { main: small_red_circle(None), second: None };
        let stream = tuwen_random::Stream::named("test");
        let drawn = (0..100).map(|sample| titles(&scene, &Draws::new(1, stream, 0, sample))[1].text.clone());
        assert_eq!(drawn.collect::<std::collections::BTreeSet<_>>().len() as u64, TEMPLATES);
    }

    #[test]
    fn tags_are_distinct_and_ascend() {
        let tags: Vec<u32> = all_words().map(|word| word.tag).collect();
        assert!(tags.is_sorted_by(|a, b| a < b));
        assert_eq!(tags.len(), 5 + 8 + 3 + 8 + 2 + 1);
    }
}
