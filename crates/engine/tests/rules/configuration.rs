//! Configurations that contradict themselves, at start.

use quorate_engine::{
    Compat, ConfigError, ConfigWarning, DeviceConfig, Effect, Engine, InfoFlags, LogLevel, NodeId,
    QuorumConfig, StartRefused,
};

use crate::with_votes;

fn start(config: &QuorumConfig) -> Result<(Engine, Vec<Effect>), StartRefused> {
    Engine::start(NodeId(1), config.clone(), Compat::default(), 0)
}

fn refused(config: &QuorumConfig) -> ConfigError {
    let refused = start(config).expect_err("a contradiction");
    assert!(
        refused.to_string().starts_with(refused.error.key()),
        "{refused}"
    );
    refused.error
}

fn warned(config: &QuorumConfig, warning: ConfigWarning) -> Engine {
    let (engine, effects) = start(config).expect("it starts");
    let logged = effects.iter().any(|effect| match effect {
        Effect::Log(line) => line.text == warning.to_string() && line.level == warning.level(),
        _ => false,
    });
    assert!(logged, "{effects:?}");
    assert!(warning.to_string().starts_with(warning.key()));
    engine
}

fn nodes(count: u32) -> QuorumConfig {
    QuorumConfig::with_nodes(1..=count)
}

fn with_device(config: QuorumConfig) -> QuorumConfig {
    QuorumConfig {
        device: Some(DeviceConfig::default()),
        ..config
    }
}

#[test]
fn expected_votes_or_a_node_list_with_the_local_node() {
    assert_eq!(
        refused(&QuorumConfig::default()),
        ConfigError::NoExpectedVotes
    );
    assert_eq!(
        refused(&QuorumConfig::with_nodes([2, 3])),
        ConfigError::NoExpectedVotes
    );
    let zero = QuorumConfig {
        expected_votes: Some(0),
        ..QuorumConfig::default()
    };
    assert_eq!(refused(&zero), ConfigError::NoExpectedVotes);
    let error = Engine::start(NodeId(0), nodes(1), Compat::default(), 0).unwrap_err();
    assert_eq!(error.error, ConfigError::NodeIdZero);
}

#[test]
fn what_does_not_go_together_with_a_device() {
    let two_node = QuorumConfig {
        two_node: true,
        ..with_device(nodes(2))
    };
    assert_eq!(refused(&two_node), ConfigError::TwoNodeWithDevice);
    let lms = QuorumConfig {
        last_man_standing: true,
        ..with_device(nodes(4))
    };
    assert_eq!(refused(&lms), ConfigError::LastManStandingWithDevice);
    let atb = QuorumConfig {
        auto_tie_breaker: true,
        ..with_device(nodes(4))
    };
    assert_eq!(refused(&atb), ConfigError::TieBreakerWithDevice);
    let downscale = QuorumConfig {
        allow_downscale: true,
        ..with_device(nodes(4))
    };
    assert_eq!(refused(&downscale), ConfigError::DownscaleWithDevice);
}

#[test]
fn device_votes_must_be_clear() {
    let explicit = QuorumConfig {
        expected_votes: Some(5),
        ..with_device(nodes(4))
    };
    assert_eq!(refused(&explicit), ConfigError::DeviceVotesMissing);
    assert_eq!(
        refused(&with_device(with_votes(&[1, 2]))),
        ConfigError::DeviceVotesUnclear
    );
    let votes = |votes, expected_votes| QuorumConfig {
        expected_votes,
        device: Some(DeviceConfig {
            votes: Some(votes),
            ..DeviceConfig::default()
        }),
        ..with_votes(&[1, 2])
    };
    assert_eq!(refused(&votes(4, Some(5))), ConfigError::DeviceVotesTooHigh);
    assert_eq!(refused(&votes(9, Some(5))), ConfigError::DeviceVotesTooHigh);
    assert!(start(&votes(3, Some(5))).is_ok());
    assert!(start(&votes(9, None)).is_ok());
}

#[test]
fn a_device_without_a_model_is_none() {
    let device = DeviceConfig {
        model: String::new(),
        ..DeviceConfig::default()
    };
    let config = QuorumConfig {
        two_node: true,
        device: Some(device),
        ..nodes(2)
    };
    let (engine, _) = start(&config).unwrap();
    assert_eq!(engine.node_info(NodeId(1)).unwrap().qdevice_votes, 0);
}

#[test]
fn odd_votes_and_a_tie_breaker_need_wait_for_all() {
    let odd = QuorumConfig {
        auto_tie_breaker: true,
        ..nodes(3)
    };
    let engine = warned(&odd, ConfigWarning::TieBreakerOff);
    assert!(
        !engine
            .node_info(NodeId(1))
            .unwrap()
            .flags
            .contains(InfoFlags::AUTO_TIE_BREAKER)
    );
    let lms = QuorumConfig {
        last_man_standing: true,
        ..odd.clone()
    };
    assert_eq!(refused(&lms), ConfigError::OddTieBreakerWithLastManStanding);
    let waits = QuorumConfig {
        wait_for_all: Some(true),
        ..lms
    };
    let (engine, _) = start(&waits).unwrap();
    assert!(
        engine
            .node_info(NodeId(1))
            .unwrap()
            .flags
            .contains(InfoFlags::AUTO_TIE_BREAKER)
    );
}

#[test]
fn a_tie_breaker_beats_two_node_and_keeps_its_wait_for_all() {
    let config = QuorumConfig {
        two_node: true,
        auto_tie_breaker: true,
        ..nodes(2)
    };
    let engine = warned(&config, ConfigWarning::TwoNodeOff);
    let flags = engine.node_info(NodeId(1)).unwrap().flags;
    assert_eq!(
        flags,
        InfoFlags(InfoFlags::AUTO_TIE_BREAKER.0 | InfoFlags::WAIT_FOR_ALL.0)
    );
}

#[test]
fn tie_breaker_nodes_that_mean_nothing() {
    let unused = QuorumConfig {
        auto_tie_breaker_node: Some("1".to_owned()),
        ..nodes(2)
    };
    warned(&unused, ConfigWarning::TieBreakerNodeUnused);
    let invalid = QuorumConfig {
        auto_tie_breaker: true,
        auto_tie_breaker_node: Some("first".to_owned()),
        ..nodes(2)
    };
    let engine = warned(&invalid, ConfigWarning::TieBreakerNodeInvalid);
    assert_eq!(
        engine.node_info(NodeId(1)).unwrap().flags,
        InfoFlags::default()
    );
}

#[test]
fn a_refusal_keeps_what_was_logged_before() {
    let config = with_device(QuorumConfig {
        auto_tie_breaker_node: Some("1".to_owned()),
        last_man_standing: true,
        ..nodes(4)
    });
    let refused = start(&config).unwrap_err();
    assert_eq!(refused.log.len(), 1);
    assert_eq!(refused.log[0].level, LogLevel::Warning);
}
