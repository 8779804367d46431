//! Reading the configuration, at start and again at runtime.

use crate::config::{ConfigError, ConfigWarning, DeviceConfig, NodelistVotes, QuorumConfig};
use crate::downscale::Downscale;
use crate::effects::{KeyValue, LogLevel};
use crate::engine::Engine;
use crate::flags::NodeFlags;
use crate::messages::Reconfigure;
use crate::status::Status;
use crate::sync::LastManStanding;
use crate::tie_breaker::TieBreaker;

/// Why a configuration is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reading {
    Start { restored_barrier: u32 },
    Reload,
}

impl Engine {
    pub(crate) fn reload(&mut self, config: QuorumConfig) {
        let (votes, expected) = (self.nodes.us.votes, self.nodes.us.expected_votes);
        if let Err(error) = self.read_config(&config, Reading::Reload) {
            self.log(LogLevel::Critical, error.to_string());
            self.log(LogLevel::Critical, "going on with the votes known so far");
        }
        self.config = config;
        self.multicast_own_info();
        self.multicast_qdevice_votes();
        let us = &self.nodes.us;
        let (node, new_votes, new_expected) = (us.id, us.votes, us.expected_votes);
        if new_votes != votes {
            self.reconfigure_or_log(Reconfigure::NodeVotes {
                node,
                votes: new_votes,
            });
        }
        if new_expected != expected {
            self.reconfigure_or_log(Reconfigure::ExpectedVotes(new_expected));
        }
    }

    /// The key falls back to 0 by itself, and that change makes votequorum read its configuration
    /// again first.
    pub(crate) fn cancel_wait_for_all(&mut self) {
        self.reload(self.config.clone());
        self.reconfigure_or_log(Reconfigure::CancelWaitForAll {
            node: self.nodes.us.id,
        });
    }

    fn reconfigure_or_log(&mut self, change: Reconfigure) {
        if self.reconfigure(change) != Status::Ok {
            self.log(
                LogLevel::Error,
                format!("the other nodes could not be told: {change:?}"),
            );
        }
    }

    pub(crate) fn read_config(
        &mut self,
        config: &QuorumConfig,
        reading: Reading,
    ) -> Result<(), ConfigError> {
        if reading == Reading::Reload {
            // Switched off at start because of odd votes, it may come back now.
            self.set_tie_breaker(self.configured_tie_breaker.clone());
        }
        let listed = config.nodelist_votes(self.nodes.us.id, self.sums);
        let device = config.configured_device();
        if let Some(device) = device {
            self.qdevice.timeout = device.timeout;
            self.qdevice.sync_timeout = device.sync_timeout;
            self.set_qdevice_can_operate(true);
        }
        self.two_node = config.two_node;
        if listed.is_none() && config.explicit_expected_votes().is_none() {
            return Err(ConfigError::NoExpectedVotes);
        }
        if self.two_node && device.is_some() {
            self.two_node_meets_device(reading)?;
        }
        if let Reading::Start { restored_barrier } = reading {
            self.read_start_options(config, restored_barrier);
        }
        if self.wait_for_all.follows_two_node {
            self.wait_for_all.on = self.two_node;
        }
        self.check_tie_breaker(listed)?;
        if let Some(device) = device {
            for error in self.device_conflicts(config, listed, device) {
                self.disable_device(error, reading)?;
            }
        }
        self.set_votes_from(config, listed, device);
        self.settle_wait_for_all(reading);
        Ok(())
    }

    /// Whichever of the two is in use wins.
    fn two_node_meets_device(&mut self, reading: Reading) -> Result<(), ConfigError> {
        let error = ConfigError::TwoNodeWithDevice;
        if self.nodes.us.flags.contains(NodeFlags::QDEVICE_REGISTERED) {
            self.two_node = false;
            self.log(
                LogLevel::Critical,
                format!("{error}; it is off, as a device is registered"),
            );
            return Ok(());
        }
        self.disable_device(error, reading)
    }

    fn disable_device(&mut self, error: ConfigError, reading: Reading) -> Result<(), ConfigError> {
        if reading != Reading::Reload {
            return Err(error);
        }
        self.log(
            LogLevel::Critical,
            format!("{error}; the quorum device is disabled"),
        );
        self.set_qdevice_can_operate(false);
        Ok(())
    }

    fn read_start_options(&mut self, config: &QuorumConfig, restored_barrier: u32) {
        self.wait_for_all.on = config.wait_for_all.unwrap_or(false);
        self.wait_for_all.follows_two_node = config.wait_for_all.is_none();
        self.last_man_standing =
            LastManStanding::new(config.last_man_standing, config.last_man_standing_window);
        let tie_breaker = self.read_tie_breaker(config);
        if config.auto_tie_breaker {
            self.set_tie_breaker(tie_breaker.clone());
        }
        self.configured_tie_breaker = tie_breaker;
        self.downscale = Downscale {
            allowed: config.allow_downscale,
            tracking: config.expected_votes_tracking || config.allow_downscale,
            ..Downscale::default()
        };
        if self.downscale.tracking {
            self.set_tracking_barrier(restored_barrier);
        }
    }

    fn read_tie_breaker(&mut self, config: &QuorumConfig) -> TieBreaker {
        match (
            config.auto_tie_breaker,
            config.auto_tie_breaker_node.as_deref(),
        ) {
            (false, None) => TieBreaker::Off,
            (false, Some(_)) => {
                self.warn(ConfigWarning::TieBreakerNodeUnused);
                TieBreaker::Off
            }
            (true, None) => TieBreaker::Lowest,
            (true, Some(text)) => TieBreaker::parse(text).unwrap_or_else(|| {
                self.warn(ConfigWarning::TieBreakerNodeInvalid);
                TieBreaker::Off
            }),
        }
    }

    fn check_tie_breaker(&mut self, listed: Option<NodelistVotes>) -> Result<(), ConfigError> {
        if !self.tie_breaker.is_on() {
            return Ok(());
        }
        // two_node leaves the decision to fencing. It goes, the wait_for_all it implies stays.
        if self.two_node {
            self.two_node = false;
            self.warn(ConfigWarning::TwoNodeOff);
        }
        // With an odd number of votes, the smaller "half" without the deciding node could
        // otherwise become quorate after a restart.
        if listed.is_some_and(|votes| votes.sum % 2 == 1) && !self.wait_for_all.on {
            if self.last_man_standing.on {
                return Err(ConfigError::OddTieBreakerWithLastManStanding);
            }
            self.warn(ConfigWarning::TieBreakerOff);
            self.set_tie_breaker(TieBreaker::Off);
        }
        Ok(())
    }

    fn device_conflicts(
        &self,
        config: &QuorumConfig,
        listed: Option<NodelistVotes>,
        device: &DeviceConfig,
    ) -> Vec<ConfigError> {
        let explicit = config.explicit_expected_votes();
        let unclear = listed.is_some_and(|votes| votes.count != votes.sum);
        let too_high = explicit.zip(device.votes).is_some_and(|(expected, votes)| {
            votes > 0 && i64::from(expected) - i64::from(votes) < 2
        });
        [
            (
                self.last_man_standing.on,
                ConfigError::LastManStandingWithDevice,
            ),
            (self.tie_breaker.is_on(), ConfigError::TieBreakerWithDevice),
            (self.downscale.allowed, ConfigError::DownscaleWithDevice),
            (
                explicit.is_some() && device.votes.is_none(),
                ConfigError::DeviceVotesMissing,
            ),
            (
                unclear && device.votes.is_none(),
                ConfigError::DeviceVotesUnclear,
            ),
            (too_high, ConfigError::DeviceVotesTooHigh),
        ]
        .into_iter()
        .filter_map(|(conflict, error)| conflict.then_some(error))
        .collect()
    }

    fn set_votes_from(
        &mut self,
        config: &QuorumConfig,
        listed: Option<NodelistVotes>,
        device: Option<&DeviceConfig>,
    ) {
        let explicit = config.explicit_expected_votes();
        let asked_for = device.and_then(|device| device.votes);
        let automatic = listed
            .filter(|votes| device.is_some() && asked_for.is_none() && votes.count == votes.sum)
            .filter(|_| explicit.is_none())
            .map(|votes| votes.sum.saturating_sub(1));
        let us = &mut self.nodes.us;
        us.votes = listed.map_or(config.votes.unwrap_or(1), |votes| votes.own);
        if let Some(votes) = if device.is_some() {
            asked_for.or(automatic)
        } else {
            Some(0)
        } {
            self.nodes.qdevice.votes = votes;
        }
        // Votes the device is given without being asked for raise expected votes. Those asked for
        // do not; expected votes rise once they are counted.
        let sum = listed.map(|votes| self.sums.add(votes.sum, automatic.unwrap_or(0)));
        let expected = self.with_tracking(explicit, sum);
        self.nodes.us.expected_votes = expected;
        self.set_barrier(expected);
        self.set_key("two_node", KeyValue::U8(self.two_node.into()));
    }

    /// votequorum(5) calls the barrier a minimum; the original lets it stand instead of what is
    /// configured, and a barrier of 0 (which it always has after a start) instead of
    /// `quorum.expected_votes`.
    fn with_tracking(&self, explicit: Option<u32>, sum: Option<u32>) -> u32 {
        let configured = explicit.or(sum).unwrap_or(0);
        let barrier = self.downscale.tracking_barrier;
        if !self.downscale.tracking {
            configured
        } else if !self.compat.lost_tracking {
            configured.max(barrier)
        } else if barrier > 0 {
            barrier
        } else {
            sum.unwrap_or(self.nodes.us.expected_votes)
        }
    }

    fn settle_wait_for_all(&mut self, reading: Reading) {
        if self.wait_for_all.on {
            if reading != Reading::Reload {
                self.set_wait_for_all_status(true);
            }
        } else if self.wait_for_all.follows_two_node && self.wait_for_all.status {
            self.set_wait_for_all_status(false);
        }
    }

    fn set_tie_breaker(&mut self, tie_breaker: TieBreaker) {
        self.set_key("atb_type", KeyValue::U32(tie_breaker.code()));
        self.tie_breaker = tie_breaker;
    }

    fn set_qdevice_can_operate(&mut self, can: bool) {
        self.qdevice.can_operate = can;
        self.set_key("qdevice_can_operate", KeyValue::U8(can.into()));
    }
}
