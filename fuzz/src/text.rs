//! Files that people write.

use std::time::Duration;

use quorate_sim::Cluster;
use quorate_sim::config::ClusterConfig;
use quorate_sim::scenario::{Due, Operation, Player, Scenario};

const FILE: &str = "fuzz";

/// A corosync.conf. What is read is what it says when it is read again.
pub fn configuration(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match ClusterConfig::parse(FILE, text) {
        Err(error) => assert!(!error.to_string().is_empty() && !error.render().is_empty()),
        Ok(config) => {
            let _ = config.timing();
            assert!(!config.nodes().is_empty());
            assert_eq!(ClusterConfig::parse(FILE, text).as_ref(), Ok(&config));
        }
    }
}

/// A scenario, its first lines perhaps operations of a control connection. What can be read can be
/// played, for a while.
pub fn scenario(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let read = |_: &str| Err("no such file".to_owned());
    match Scenario::parse(FILE, text, &read) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(scenario) => play(&scenario),
    }
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(1..=3), Default::default(), 1);
    for line in text.lines().take(8) {
        match Operation::parse(FILE, line, &read, &cluster) {
            Err(error) => assert!(!error.to_string().is_empty()),
            Ok(operation) => drop(operation.apply(&mut cluster)),
        }
    }
}

/// Large clusters and long times are for other tests.
fn play(scenario: &Scenario) {
    const EVENTS: usize = 2000;
    if scenario.config.nodes().len() > 6 {
        return;
    }
    let Ok(mut cluster) = scenario.cluster(()) else {
        return;
    };
    let mut player = Player::new(scenario);
    for _ in 0..EVENTS {
        let next = cluster.next_event_at();
        let steps = match player.due() {
            Due::At(at) => next.is_some_and(|next| next <= at),
            Due::Idle => !cluster.is_quiet(),
            Due::Call | Due::Finished => break,
        };
        if steps {
            cluster.step();
        } else {
            player.play(&mut cluster);
        }
    }
    cluster.run_until(cluster.now() + Duration::from_millis(1));
    let report = player.finish(&cluster, Some(0));
    let _ = (report.to_tap(), report.to_junit());
}
