//! Pictures: some as they are, and what must be so in all of them.

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_sim::scenario::Scenario;
use quorate_sim::{Line, read_log};
use quorate_testkit::source_root;
use roxmltree::{Document, Node};

use super::model::{Happening, State, Timeline, letters, ranges};
use super::terminal::Style;
use super::{build, svg, terminal};

/// Node 3 dies, the others lose each other, all come back, node 1 dies; a program on node 1.
const SPLIT: &str = include_str!("tests/split.jsonl");
/// What a recorder saw on node 2.
const RECORDED: &str = include_str!("tests/recorded.jsonl");

fn drawn(text: &str) -> Timeline {
    build::timeline("log.jsonl", &read_log("log.jsonl", text).unwrap())
}

/// What happens to a simulated cluster.
fn played(nodes: u32, steps: &str) -> Timeline {
    played_until(nodes, steps, Duration::MAX)
}

/// The same, in a log that ends early.
fn played_until(nodes: u32, steps: &str, end: Duration) -> Timeline {
    let text = format!("[cluster]\nnodes = {nodes}\n{steps}");
    let scenario = Scenario::parse("test", &text, &|_| Err(String::new())).unwrap();
    let (_, cluster) = scenario.run().unwrap();
    let lines = (1..).zip(cluster.log().iter().filter(|record| record.at < end));
    let lines = lines.map(|(number, record)| Line {
        number,
        record: record.clone(),
    });
    build::timeline("log.jsonl", &lines.collect::<Vec<_>>())
}

fn step(at: u32, operation: &str) -> String {
    format!("[[step]]\nat = \"{at}s\"\n{operation}\n")
}

fn long() -> Timeline {
    let operations = [
        "kill = 2",
        "up = 2",
        "partition = [[1], [2, 3]]",
        "heal = true",
    ];
    let steps = (1..).zip(operations.iter().cycle()).take(400);
    played(
        3,
        &steps
            .map(|(n, operation)| step(n * 30, operation))
            .collect::<String>(),
    )
}

fn all() -> Vec<Timeline> {
    let many = step(1, "kill = [5, 6]")
        + &step(90, "partition = [[1, 2, 3], [7], [8], [9], [10]]")
        + &step(200, "heal = true")
        + &step(300, "pause = 4")
        + &step(400, "resume = 4")
        + &step(500, "leave = [1, 2]");
    vec![
        drawn(SPLIT),
        drawn(RECORDED),
        played(32, &many),
        played(1, ""),
        long(),
    ]
}

fn text(timeline: &Timeline, width: usize, ascii: bool, colour: bool) -> String {
    terminal::draw(
        timeline,
        Style {
            width,
            ascii,
            colour,
        },
    )
}

#[test]
fn pictures() {
    let split = svg::draw(&build::timeline(
        "split-brain.toml",
        &read_log("", SPLIT).unwrap(),
    ));
    let shown = source_root().join("docs/timeline.svg");
    if std::env::var_os("QUORATE_WRITE_PICTURE").is_some() {
        std::fs::write(&shown, &split).unwrap();
    }
    let shown = std::fs::read_to_string(shown).unwrap();
    assert!(
        split == shown,
        "docs/timeline.svg is old; QUORATE_WRITE_PICTURE=1 writes it"
    );
    insta::assert_snapshot!("recorded.svg", svg::draw(&drawn(RECORDED)));
}

#[test]
fn texts() {
    insta::assert_snapshot!("split", text(&drawn(SPLIT), 100, false, false));
    insta::assert_snapshot!("split-ascii-60", text(&drawn(SPLIT), 60, true, false));
    insta::assert_snapshot!("recorded", text(&drawn(RECORDED), 80, false, false));
}

#[test]
fn lanes_have_no_gaps() {
    for timeline in all() {
        for lane in &timeline.lanes {
            let mut at = timeline.begin;
            for stretch in &lane.stretches {
                assert_eq!(stretch.from, at, "{lane:?}");
                at = stretch.to;
            }
            assert_eq!(at, timeline.end);
        }
    }
}

fn number(node: Node<'_, '_>, name: &str) -> f64 {
    let text = node
        .attribute(name)
        .unwrap_or_else(|| panic!("{name} of {node:?}"));
    text.parse().unwrap()
}

fn classes(node: Node<'_, '_>) -> impl Iterator<Item = String> {
    let classes = node.attribute("class").unwrap_or_default();
    classes
        .split_whitespace()
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .into_iter()
}

#[test]
fn pictures_are_whole() {
    for timeline in all() {
        let picture = svg::draw(&timeline);
        let document = Document::parse(&picture).unwrap();
        let root = document.root_element();
        let [width, height] = ["width", "height"].map(|name| number(root, name));
        let sheet = root
            .descendants()
            .find(|node| node.has_tag_name("style"))
            .unwrap();
        let sheet = sheet.text().unwrap().to_owned();
        for node in root.descendants() {
            for class in classes(node) {
                let known = [" ", "{", ","]
                    .iter()
                    .any(|end| sheet.contains(&format!(".{class}{end}")));
                assert!(known, "{class}");
            }
            let ends = match node.tag_name().name() {
                "rect"
                    if node
                        .attribute("class")
                        .is_some_and(|class| class != "ground") =>
                {
                    let [x, y] = ["x", "y"].map(|name| number(node, name));
                    (x, y, x + number(node, "width"), y + number(node, "height"))
                }
                "text" => {
                    let [x, y] = ["x", "y"].map(|name| number(node, name));
                    (x, y - 10.0, x, y)
                }
                _ => continue,
            };
            let inside = ends.0 >= 0.0 && ends.1 >= 0.0 && ends.2 <= width && ends.3 <= height;
            assert!(inside, "{node:?}: {ends:?}");
        }
    }
}

/// The numbers above the lanes, and the lines of the list.
#[test]
fn nothing_covers_anything() {
    for timeline in all() {
        let picture = svg::draw(&timeline);
        let document = Document::parse(&picture).unwrap();
        let is_pin = |node: &Node<'_, '_>| {
            node.has_tag_name("rect") && classes(*node).any(|class| class == "pin")
        };
        let mut end = f64::MIN;
        for pin in document.descendants().filter(is_pin) {
            assert!(number(pin, "x") >= end, "{pin:?}");
            end = number(pin, "x") + number(pin, "width");
        }
        let lines = document
            .descendants()
            .filter(|node| node.has_tag_name("text"));
        let places = lines.map(|node| (node.attribute("x").unwrap(), node.attribute("y").unwrap()));
        let places: Vec<_> = places.collect();
        let different: BTreeSet<_> = places.iter().collect();
        assert_eq!(places.len(), different.len(), "two texts in one place");
    }
}

/// Neither lines of devices nor, painted before them, frames and times strike them out.
#[test]
fn texts_in_bars_are_not_struck_out() {
    for nodes in [3, 12, 32] {
        let device =
            "[cluster.quorum]\n\"device.model\" = \"net\"\n\"device.votes\" = 1\n".to_owned();
        let vote = |at, node: u32, vote| {
            step(at, &format!("qdevice = {{ node = {node}, vote = {vote} }}"))
        };
        let steps = vote(1, 1, true) + &vote(2, 3, false) + &step(20, "partition = [[1], [2]]");
        let picture = svg::draw(&played(nodes, &(device + &steps)));
        let document = Document::parse(&picture).unwrap();
        let of = |class: &'static str| {
            let nodes = document.descendants();
            nodes.filter(move |node| classes(*node).any(|one| one == class))
        };
        // Those of the legend are lower down.
        let lane = of("lane")
            .map(|line| number(line, "y1"))
            .fold(0.0, f64::max);
        let lines = of("device")
            .chain(of("silent"))
            .map(|line| number(line, "y1"));
        let lines: Vec<f64> = lines.filter(|y| *y < lane).collect();
        let texts = of("halo").filter(|text| number(*text, "y") < lane);
        assert!(lines.len() >= 2 && texts.clone().count() >= nodes as usize);
        for text in texts.clone() {
            let base = number(text, "y");
            let struck = lines.iter().any(|y| (base - 8.0..base + 2.0).contains(y));
            assert!(!struck, "{nodes} nodes: {text:?}: {lines:?}");
        }
        let frames = of("edge").filter(|frame| number(*frame, "y") < lane);
        let last = frames.chain(of("hair")).map(|line| line.range().end).max();
        let first = texts.map(|text| text.range().start).min();
        assert!(last.is_some() && last < first, "{last:?} {first:?}");
    }
}

#[test]
fn what_is_listed() {
    let steps = step(10, "partition = [[5, 6, 1, 2, 3], [4]]")
        + &step(20, "heal = true")
        + &step(30, "set_votes = { node = 2, votes = 3 }")
        + &step(40, "set_expected = { node = 1, votes = 20 }");
    let listed = played(12, &steps).happenings;
    let listed: Vec<_> = listed.iter().map(Happening::text).collect();
    assert_eq!(
        listed,
        [
            "nodes 1-12 started",
            "partitioned: {1-3 5 6} {4} {7-12}",
            "healed",
            "node 2 set votes of 2 to 3",
            "node 1 set expected votes 20",
        ]
    );
}

/// Everything that colours say is also said by letters and tooltips.
#[test]
fn colours_are_not_needed() {
    let picture = svg::draw(&drawn(SPLIT));
    for title in [
        "quorate, 3 of 3 votes; ring 1.9 of 1-3; from ",
        "not quorate, 1 of 3 votes; ring 2.11 of 2; from ",
        "down; from 60 s to ",
        "{2} reach only each other from 20 s to 40 s",
        "client 5 asks trackstart 2, answered 1",
    ] {
        assert!(picture.contains(title), "{title}");
    }
    let plain = text(&drawn(SPLIT), 80, false, false);
    assert!(!plain.contains('\u{1b}'));
    let coloured = text(&drawn(SPLIT), 80, false, true);
    let mut uncoloured = coloured.clone();
    while let Some(start) = uncoloured.find('\u{1b}') {
        let end = uncoloured[start..].find('m').unwrap();
        uncoloured.replace_range(start..=start + end, "");
    }
    assert_eq!(uncoloured, plain);
    assert_ne!(coloured, plain);
}

#[test]
fn texts_fit() {
    for timeline in all() {
        for width in [40, 57, 80, 200, 1000] {
            let text = text(&timeline, width, true, false);
            assert!(text.is_ascii());
            assert!(
                text.lines().all(|line| line.len() <= width),
                "{width}:\n{text}"
            );
            let lanes = text.lines().filter(|line| line.starts_with("node "));
            assert_eq!(lanes.count(), timeline.lanes.len());
        }
    }
}

/// However soon after the last event: the last column, and room in the picture.
#[test]
fn it_can_be_seen_how_it_ended() {
    let operations = ["partition = [[1], [2, 3]]", "heal = true", "kill = 3"];
    let steps: String = (1..)
        .zip(operations)
        .map(|(n, operation)| step(n * 10, operation))
        .collect();
    let timeline = played_until(3, &steps, Duration::from_secs(30));
    let last = timeline.lanes[0].stretches.last().unwrap();
    assert_eq!(last.state, State::Quorate);
    assert!(timeline.end - last.from < Duration::from_secs(1));
    for width in [40, 80, 300] {
        let text = text(&timeline, width, true, false);
        let lane = text
            .lines()
            .find(|line| line.starts_with("node 1"))
            .unwrap();
        assert!(lane.ends_with("A") || lane.ends_with("="), "{text}");
        assert_eq!(lane.len(), width);
    }
    let picture = svg::draw(&timeline);
    let document = Document::parse(&picture).unwrap();
    let bars = document
        .descendants()
        .filter(|node| node.has_tag_name("rect") && classes(*node).any(|class| class == "bar"));
    let right = |node: Node<'_, '_>| number(node, "x") + number(node, "width");
    let edge = bars.clone().map(right).fold(0.0, f64::max);
    let ends = bars.filter(|node| right(*node) == edge && !classes(*node).any(|c| c == "no"));
    let ends: Vec<f64> = ends.map(|node| number(node, "width")).collect();
    assert_eq!(ends.len(), 3, "{ends:?}");
    assert!(ends.iter().all(|&width| width >= 32.0), "{ends:?}");
}

/// A recording knows only of the nodes that one of them sees.
#[test]
fn a_recording() {
    let timeline = drawn(RECORDED);
    let at = |node: u32, seconds: u64| {
        let lane = timeline
            .lanes
            .iter()
            .find(|lane| lane.node == node)
            .unwrap();
        let time = Duration::from_secs(seconds);
        let stretch = lane
            .stretches
            .iter()
            .rfind(|stretch| stretch.from <= time)
            .unwrap();
        stretch.state
    };
    assert_eq!([1, 2, 3].map(|node| at(node, 1)), [State::Quorate; 3]);
    assert_eq!(
        [1, 2, 3].map(|node| at(node, 8)),
        [State::Unseen, State::NotQuorate, State::Unseen]
    );
    assert_eq!(
        [1, 2, 3].map(|node| at(node, 20)),
        [State::Unseen, State::Down, State::Unseen]
    );
}

#[test]
fn names_of_nodes_and_rings() {
    assert_eq!(ranges(&[1, 2, 3, 5, 7, 8]), "1-3 5 7 8");
    assert_eq!(ranges(&[u32::MAX]), u32::MAX.to_string());
    assert_eq!(
        [0, 25, 26, 701, 702].map(letters),
        ["A", "Z", "AA", "ZZ", "AAA"]
    );
}
