//! Random histories: that corosync can have them, that they are the same for the same seed, and
//! that the shortest failing one is found.

use quorate_sim::scenario::{Operation, Scenario};
use quorate_sim::search::{Base, Generator, History, Kind, shrink};

use crate::scenarios::parse;

fn generator(text: &str, kinds: &[Kind], steps: usize) -> Generator {
    let base = Base::parse("base.toml", text, &|_| Err("no file".to_owned()));
    Generator::new(base.unwrap(), kinds, steps)
}

fn scenario(history: &History) -> Scenario {
    let text = history.to_toml();
    parse(&text).unwrap_or_else(|error| panic!("{text}\n{}", error.render()))
}

/// Every history is one that scenarios can have, every step of it can be carried out, and the
/// invariants hold.
#[test]
fn histories_are_possible() {
    let sizes = [
        ("nodes = 1", 300),
        ("nodes = 2", 300),
        ("nodes = [2, 5, 9, 70]", 600),
    ];
    let votes = |kind: &Kind| matches!(kind, Kind::SetVotes | Kind::SetExpected);
    let without: Vec<_> = Kind::ALL.into_iter().filter(|kind| !votes(kind)).collect();
    for ((nodes, runs), kinds) in sizes
        .into_iter()
        .flat_map(|size| [(size, &without[..]), (size, &Kind::ALL)])
    {
        let text = format!("[cluster]\n{nodes}\n[[step]]\nat = \"1s\"\nkill = 2\n");
        let text = match nodes {
            "nodes = 1" => text.replace("kill = 2", "pause = 1"),
            _ => text,
        };
        let generator = generator(&text, kinds, 12);
        for seed in 0..runs {
            let history = generator.history(seed);
            assert!((1..=12).contains(&history.len()), "{}", history.len());
            let scenario = scenario(&history);
            assert!(scenario.steps.len() > history.len());
            let (report, _) = scenario.run().unwrap();
            let failed: Vec<_> = report.failures().collect();
            assert!(failed.is_empty(), "{failed:?}\n{}", history.to_toml());
        }
    }
}

#[test]
fn a_seed_is_a_history() {
    let generator = generator("[cluster]\nnodes = 3\n", &Kind::ALL, 20);
    let text = |seed| generator.history(seed).to_toml();
    assert_eq!(text(7), text(7));
    assert_ne!(text(7), text(8));
    assert!(generator.nothing().is_empty());
    assert_eq!(scenario(&generator.nothing()).steps.len(), 0);
}

#[test]
fn only_kinds_that_were_asked_for() {
    let generator = generator("[cluster]\nnodes = 3\n", &[Kind::Kill, Kind::Up], 20);
    for seed in 0..50 {
        for step in scenario(&generator.history(seed)).steps {
            let operation = step.operation.unwrap();
            assert!(matches!(operation, Operation::Kill(_) | Operation::Up(_)));
        }
    }
    assert_eq!(Kind::named("set_votes"), Some(Kind::SetVotes));
    assert_eq!(Kind::named("reload"), None);
}

/// Whether node 1 is not quorate in the end although nobody cut it off: others died.
fn lost_by_death(history: &History) -> bool {
    let (_, mut cluster) = scenario(history).run().unwrap();
    cluster.run_until_quiet();
    let down = cluster
        .nodes()
        .filter(|node| cluster.engine(*node).is_none())
        .count();
    let first = cluster.nodes().next().and_then(|node| cluster.engine(node));
    down >= 3 && first.is_some_and(|engine| !engine.is_quorate())
}

/// Three of five nodes must die, in three steps or in fewer.
#[test]
fn the_shortest_history_is_found() {
    let generator = generator("name = \"five\"\n[cluster]\nnodes = 5\n", &Kind::ALL, 25);
    let mut found = 0;
    for seed in 0..200 {
        let history = generator.history(seed);
        if !lost_by_death(&history) {
            continue;
        }
        found += 1;
        let mut asked = Vec::new();
        let shortest = shrink(&history, &mut |history| {
            asked.push(history.to_toml());
            lost_by_death(history)
        });
        assert!(lost_by_death(&shortest));
        let text = shortest.to_toml();
        assert!(
            text.starts_with("name = \"five\"\n") && text.contains("seed = 0\n"),
            "{text}"
        );
        let steps = scenario(&shortest).steps;
        let killed = steps.iter().map(|step| match &step.operation {
            Some(Operation::Kill(nodes)) => nodes.len(),
            other => panic!("{other:?}\n{text}"),
        });
        assert_eq!(killed.sum::<usize>(), 3, "{text}");
        let all = asked.len();
        asked.sort();
        asked.dedup();
        assert_eq!(asked.len(), all, "a history was tried twice");
    }
    assert!(found > 5, "{found}");
}

/// What the base says stays: its own steps, its faults, its expectations.
#[test]
fn the_base_stays() {
    let text = "[cluster]\nnodes = 2\nseed = 3\ncompat = [\"uint8-quorum\"]\n[[fault]]\nstall = true\n\
        [[step]]\nat = \"1s\"\nkill = 2\nexpect = { node = 1, quorate = false }\n\
        [expect]\nexit_code = 4\n";
    let generator = generator(text, &[Kind::Up, Kind::Fault], 3);
    let nothing = scenario(&generator.nothing());
    assert_eq!(
        (nothing.seed, nothing.exit_code, nothing.faults.len()),
        (3, Some(4), 1)
    );
    assert!(nothing.compat.uint8_quorum);
    for seed in 0..20 {
        let history = generator.history(seed);
        let scenario = scenario(&history);
        assert_eq!(scenario.steps[0].expect.len(), 1);
        assert_eq!(
            (scenario.exit_code, scenario.faults[0].name.as_str()),
            (Some(4), "")
        );
    }
}
