//! Random configurations.

use std::fmt::Write;

use quorate_engine::{NodelistEntry, QuorumConfig};

/// `last_man_standing_window`, in milliseconds.
pub(crate) const WINDOW_MS: u32 = 300;

/// Kinds of configurations.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Group {
    Plain,
    Votes,
    ExpectedVotes,
    LowExpectedVotes,
    TwoNode,
    TieBreaker,
    WaitForAll,
    TieBreakerWaitForAll,
    LastManStanding,
}

/// vqsim is faithful for these, and agrees with itself.
pub(crate) const GATED: [Group; 5] = [
    Group::Plain,
    Group::Votes,
    Group::ExpectedVotes,
    Group::TwoNode,
    Group::TieBreaker,
];
/// In these, who is quorate depends on who hears whom first. With fewer expected votes than there
/// are votes, a node learns the real number only by meeting others; with the other options,
/// vqsim's order of events shows.
pub(crate) const REPORTED: [Group; 4] = [
    Group::LowExpectedVotes,
    Group::WaitForAll,
    Group::TieBreakerWaitForAll,
    Group::LastManStanding,
];

/// SplitMix64: small, and the same everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

pub(crate) fn random(group: Group, random: &mut Random) -> QuorumConfig {
    let count = match group {
        Group::TwoNode => 2,
        Group::LastManStanding => 3 + random.below(4),
        _ => 2 + random.below(5),
    };
    let mut ids: Vec<u32> = (1..=9).collect();
    while ids.len() > count {
        ids.remove(random.below(ids.len()));
    }
    let mut config = QuorumConfig::with_nodes(ids.clone());
    match group {
        Group::Plain => {}
        Group::Votes => {
            for entry in &mut config.nodelist {
                let votes = if random.chance(20) { 100 } else { 4 };
                entry.quorum_votes = Some(u32::try_from(random.below(votes)).unwrap());
            }
        }
        Group::ExpectedVotes => {
            let votes = count + random.below(count + 2);
            config.expected_votes = Some(u32::try_from(votes).unwrap());
        }
        Group::LowExpectedVotes => {
            let votes = 1 + random.below(count - 1);
            config.expected_votes = Some(u32::try_from(votes).unwrap());
        }
        Group::TwoNode => {
            config.two_node = true;
            config.wait_for_all = Some(random.chance(50)).filter(|&on| !on);
        }
        Group::TieBreaker | Group::TieBreakerWaitForAll => {
            config.auto_tie_breaker = true;
            config.auto_tie_breaker_node = match random.below(4) {
                0 => None,
                1 => Some("lowest".to_owned()),
                2 => Some("highest".to_owned()),
                _ => {
                    let list: Vec<_> = (0..=random.below(3)).map(|_| random.pick(&ids)).collect();
                    Some(
                        list.iter()
                            .map(u32::to_string)
                            .collect::<Vec<_>>()
                            .join(" "),
                    )
                }
            };
        }
        Group::WaitForAll => {}
        Group::LastManStanding => {
            config.last_man_standing = true;
            config.last_man_standing_window = WINDOW_MS;
        }
    }
    if matches!(
        group,
        Group::WaitForAll | Group::TieBreakerWaitForAll | Group::LastManStanding
    ) {
        config.wait_for_all = Some(true);
    }
    config
}

/// As vqsim reads it: one key per line.
pub(crate) fn file_of(config: &QuorumConfig) -> String {
    let mut text = String::from("totem {\n version: 2\n cluster_name: x\n}\nquorum {\n");
    text += " provider: corosync_votequorum\n";
    if let Some(votes) = config.expected_votes {
        writeln!(text, " expected_votes: {votes}").unwrap();
    }
    for (key, on) in [
        ("two_node", config.two_node),
        ("auto_tie_breaker", config.auto_tie_breaker),
        ("last_man_standing", config.last_man_standing),
    ] {
        if on {
            writeln!(text, " {key}: 1").unwrap();
        }
    }
    if let Some(on) = config.wait_for_all {
        writeln!(text, " wait_for_all: {}", u8::from(on)).unwrap();
    }
    if let Some(node) = &config.auto_tie_breaker_node {
        writeln!(text, " auto_tie_breaker_node: {node}").unwrap();
    }
    writeln!(text, " last_man_standing_window: {WINDOW_MS}").unwrap();
    text += "}\nnodelist {\n";
    for NodelistEntry { node, quorum_votes } in &config.nodelist {
        write!(
            text,
            " node {{\n  ring0_addr: 127.0.0.{node}\n  nodeid: {node}\n"
        )
        .unwrap();
        if let Some(votes) = quorum_votes {
            writeln!(text, "  quorum_votes: {votes}").unwrap();
        }
        text += " }\n";
    }
    text + "}\n"
}
