//! The same programs in a real cluster and in a simulated one: the same output.

use quorate_testkit::{Cluster, Requirements, Scratch, Suite};

use crate::tool::{config, printed, simulated};

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::cluster()
        .program("corosync-quorumtool")
        .program("corosync-cmapctl")
        .program("setpriv");
    suite.test_with("same/tools", &needs, tools);
}

/// The number of a ring depends on how often nodes called each other, and the date on the time.
fn without_chance(text: &str) -> String {
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("Date:") && !line.starts_with("Ring ID:"));
    lines.map(|line| format!("{line}\n")).collect()
}

fn tools() {
    let scratch = Scratch::new("same");
    let config = config(&scratch, 3);
    let cluster = Cluster::builder().nodes(3).start();
    let real = |words: &[&str]| {
        let command = cluster
            .node(1)
            .command(words[0])
            .with_args(&words[1..])
            .output();
        printed(&command.expect("it runs"))
    };
    for words in [
        &["corosync-quorumtool", "-s"][..],
        &["corosync-quorumtool", "-l"],
        &["corosync-quorumtool", "-i", "-s"],
        &["corosync-quorumtool", "-e", "3"],
        &["corosync-quorumtool", "-n", "2", "-v", "1"],
        &["corosync-cfgtool", "-a", "2"],
    ] {
        let [real, simulated] =
            [real(words), printed(&simulated(&config, words))].map(|t| without_chance(&t));
        assert_eq!(real, simulated, "{words:?}");
    }
    // The keys and their types, and the values of those that do not count anything. The rest is
    // what the test clusters have set besides.
    let keys = |text: String| {
        let lines = text.lines().filter(|line| {
            !["resources.", "logging.", "system."]
                .iter()
                .any(|p| line.starts_with(p))
        });
        let counts = |line: &str| line.contains(".rx (") || line.contains(".tx (");
        let key = |line: &str| match counts(line) {
            true => line.split(" = ").next().unwrap_or_default().to_owned(),
            false => line.to_owned(),
        };
        lines.map(key).collect::<Vec<_>>()
    };
    let words = ["corosync-cmapctl"];
    assert_eq!(
        keys(real(&words)),
        keys(printed(&simulated(&config, &words)))
    );
}
