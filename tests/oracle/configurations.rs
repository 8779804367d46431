//! The configurations that histories are played in.

use crate::history::Operation;

/// What a cluster is configured to be.
#[derive(Clone, Copy)]
pub(crate) struct Configuration {
    pub(crate) name: &'static str,
    /// Of the history that is recorded. Chosen so that it shows what the configuration is about.
    pub(crate) seed: u64,
    /// One number for each node.
    pub(crate) votes: &'static [u32],
    /// Lines of the quorum section.
    pub(crate) quorum: &'static [&'static str],
    /// A history of its own instead of random ones.
    pub(crate) fixed: Option<fn() -> Vec<Operation>>,
}

/// Of the real clusters and of the simulated ones, in milliseconds.
pub(crate) const TOKEN: u32 = 600;
/// The window of `last_man_standing` where there is one.
const WINDOW: u64 = 1000;
/// How long a quorum device may be silent; also while a ring synchronises.
const DEVICE_TIMEOUT: u64 = 3000;

const LAST_MAN: [&str; 2] = ["last_man_standing: 1", "last_man_standing_window: 1000"];

impl Configuration {
    pub(crate) fn nodes(&self) -> u32 {
        u32::try_from(self.votes.len()).expect("few nodes")
    }

    pub(crate) fn has_device(&self) -> bool {
        self.quorum.iter().any(|line| line.starts_with("device"))
    }

    /// Milliseconds without a change after which the cluster counts as stable: longer than what
    /// may happen by itself takes.
    pub(crate) fn settle(&self, after: &Operation) -> u64 {
        let waits_for_device = matches!(after, Operation::LoseDevice { .. });
        let margin = 300;
        if waits_for_device {
            2 * DEVICE_TIMEOUT + margin
        } else if self.quorum.contains(&LAST_MAN[0]) {
            WINDOW + 500
        } else {
            margin
        }
    }
}

const fn configuration(
    name: &'static str,
    seed: u64,
    votes: &'static [u32],
    quorum: &'static [&'static str],
) -> Configuration {
    Configuration {
        name,
        seed,
        votes,
        quorum,
        fixed: None,
    }
}

/// Sides that expect different numbers of votes meet again: who speaks first then decides what
/// nodes have on record of each other.
fn sides_that_expect_different_votes() -> Vec<Operation> {
    vec![
        Operation::StartAll,
        Operation::Partition(vec![vec![2, 3], vec![1, 4]]),
        Operation::Kill(1),
        Operation::Start(1),
        Operation::Kill(4),
        Operation::Start(4),
        Operation::Heal,
    ]
}

const HIGHEST_AND_LAST_MAN: &[&str] = &[
    "auto_tie_breaker: 1",
    "auto_tie_breaker_node: highest",
    "wait_for_all: 1",
    LAST_MAN[0],
    LAST_MAN[1],
];
const ONE_EACH: &[u32] = &[1, 1, 1, 1];
const DEVICE: &str = "device {\nmodel: net\ntimeout: 3000\nsync_timeout: 3000\n}";
const TWO_VOTES: &str = "device {\nmodel: net\nvotes: 2\ntimeout: 3000\nsync_timeout: 3000\n}";

pub(crate) const CONFIGURATIONS: [Configuration; 20] = [
    configuration("plain", 0, &[1, 1, 1], &[]),
    configuration("wait_for_all", 0, &[1, 1, 1], &["wait_for_all: 1"]),
    configuration(
        "last_man_standing",
        0,
        &[1, 1, 1],
        &["wait_for_all: 1", LAST_MAN[0], LAST_MAN[1]],
    ),
    configuration("auto_tie_breaker", 1669, ONE_EACH, &["auto_tie_breaker: 1"]),
    configuration(
        "auto_tie_breaker_and_wait_for_all",
        333,
        ONE_EACH,
        &["auto_tie_breaker: 1", "wait_for_all: 1"],
    ),
    configuration(
        "auto_tie_breaker_and_last_man_standing",
        1005,
        ONE_EACH,
        HIGHEST_AND_LAST_MAN,
    ),
    Configuration {
        fixed: Some(sides_that_expect_different_votes),
        ..configuration("who_speaks_first", 0, ONE_EACH, HIGHEST_AND_LAST_MAN)
    },
    configuration("two_node", 5, &[1, 1], &["two_node: 1"]),
    configuration("votes", 1, &[3, 1, 2], &[]),
    configuration("device", 2395, &[1, 1, 1], &[TWO_VOTES]),
    configuration("device_votes_by_default", 1925, ONE_EACH, &[DEVICE]),
    configuration("device_and_votes", 5148, &[3, 1, 2], &[TWO_VOTES]),
    configuration(
        "device_and_wait_for_all",
        1971,
        &[1, 1, 1],
        &["wait_for_all: 1", DEVICE],
    ),
    configuration(
        "device_and_expected_votes",
        2134,
        &[1, 1],
        &["expected_votes: 4", TWO_VOTES],
    ),
    configuration(
        "device_and_tracking",
        3613,
        &[1, 1, 1],
        &["expected_votes_tracking: 1", TWO_VOTES],
    ),
    configuration("downscale", 92, ONE_EACH, &["allow_downscale: 1"]),
    configuration(
        "downscale_and_wait_for_all",
        1015,
        ONE_EACH,
        &["allow_downscale: 1", "wait_for_all: 1"],
    ),
    configuration(
        "downscale_and_last_man_standing",
        1016,
        ONE_EACH,
        &[
            "allow_downscale: 1",
            "wait_for_all: 1",
            "auto_tie_breaker: 1",
            "auto_tie_breaker_node: 2 3",
            LAST_MAN[0],
            LAST_MAN[1],
        ],
    ),
    configuration("tracking", 184, &[1, 1, 1], &["expected_votes_tracking: 1"]),
    configuration(
        "tracking_and_votes",
        17,
        &[2, 1, 2, 1],
        &["expected_votes_tracking: 1", "auto_tie_breaker: 1"],
    ),
];
