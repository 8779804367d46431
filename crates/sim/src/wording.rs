//! Messages, requests and notifications in a few words, for the log.

use quorate_engine::{
    LogLevel, Message, NodeFlags, NodeId, Notification, Reconfigure, Reply, Request, Timer,
};
use quorate_proto::cpg::{Address, Request as Cpg};

fn name(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn message(message: &Message) -> String {
    match message {
        Message::NodeInfo {
            node: NodeId::QDEVICE,
            votes,
            ..
        } => format!("qdevice votes {votes}"),
        Message::NodeInfo {
            votes,
            expected_votes,
            flags: NodeFlags(flags),
            ..
        } => format!("nodeinfo votes {votes} expected {expected_votes} flags {flags}"),
        Message::Reconfigure(Reconfigure::ExpectedVotes(votes)) => {
            format!("set expected votes {votes}")
        }
        Message::Reconfigure(Reconfigure::NodeVotes { node, votes }) => {
            format!("set votes of {node} to {votes}")
        }
        Message::Reconfigure(Reconfigure::CancelWaitForAll { .. }) => {
            "cancel wait_for_all".to_owned()
        }
        Message::QdeviceRegister { name: device } => format!("qdevice register {}", name(device)),
        Message::QdeviceUnregister { name: device } => {
            format!("qdevice unregister {}", name(device))
        }
        Message::QdeviceRename { old, new } => {
            format!("qdevice rename {} to {}", name(old), name(new))
        }
        Message::ExtraInfo { data, .. } => format!("extra info, {} bytes", data.len()),
    }
}

pub(crate) fn request(request: &Request) -> String {
    match request {
        Request::GetInfo { node } => format!("getinfo {node}"),
        Request::SetExpected { expected_votes } => format!("setexpected {expected_votes}"),
        Request::SetVotes { node, votes } => format!("setvotes {node} {votes}"),
        Request::TrackStart { flags, .. } => format!("trackstart {flags}"),
        Request::TrackStop => "trackstop".to_owned(),
        Request::QdeviceRegister { name: device } => format!("qdevice_register {}", name(device)),
        Request::QdeviceUnregister { name: device } => {
            format!("qdevice_unregister {}", name(device))
        }
        Request::QdeviceUpdate { old, new } => {
            format!("qdevice_update {} {}", name(old), name(new))
        }
        Request::QdevicePoll {
            cast_vote, ring, ..
        } => format!("qdevice_poll {} ring {ring}", u8::from(*cast_vote)),
        Request::QdeviceMasterWins { allow, .. } => {
            format!("qdevice_master_wins {}", u8::from(*allow))
        }
        Request::SetExtraInfo { data } => format!("set_qdevice_extra_info, {} bytes", data.len()),
        Request::GetExtraInfo { node } => format!("get_qdevice_extra_info {node}"),
    }
}

pub(crate) fn reply(reply: &Reply) -> String {
    match reply {
        Reply::Status(status) | Reply::Info(Err(status)) | Reply::ExtraInfo(Err(status)) => {
            status.code().to_string()
        }
        Reply::Info(Ok(info)) => format!(
            "node {} state {} votes {} expected {} highest {} total {} quorum {} flags {}",
            info.node,
            info.state.code(),
            info.votes,
            info.expected_votes,
            info.highest_expected,
            info.total_votes,
            info.quorum,
            info.flags.0
        ),
        Reply::ExtraInfo(Ok(data)) => format!("{} bytes", data.len()),
    }
}

pub(crate) fn notification(notification: &Notification) -> String {
    match notification {
        Notification::NodeList { ring, members } => {
            let members: Vec<_> = members.iter().map(|node| node.0).collect();
            told::node_list(*ring, &members)
        }
        Notification::Quorum { quorate, nodes } => {
            let nodes = nodes.iter();
            told::quorum(
                *quorate,
                nodes.map(|entry| (entry.node.0, entry.state.code())),
            )
        }
        Notification::ExpectedVotes { expected_votes } => told::expected_votes(*expected_votes),
        Notification::ExtraInfo { node, data } => told::extra_info(node.0, data.len()),
    }
}

/// The words for what those who track votequorum are told.
pub mod told {
    use quorate_engine::RingId;

    use crate::log::Spaced;

    /// What [`parse`] finds in the words.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub(crate) enum Told {
        /// The number of the ring and its members.
        NodeList { seq: u64, members: Vec<u32> },
        /// The nodes with their states.
        Quorum {
            quorate: bool,
            nodes: Vec<(u32, u32)>,
        },
        /// The votes.
        ExpectedVotes(u32),
        /// Of a device.
        ExtraInfo,
    }

    /// Reads what the functions here write.
    pub(crate) fn parse(text: &str) -> Option<Told> {
        if let Some(votes) = text.strip_prefix("expected ") {
            return votes.parse().ok().map(Told::ExpectedVotes);
        }
        if text.starts_with("extra info of ") {
            return Some(Told::ExtraInfo);
        }
        let (head, list) = text.split_once(':')?;
        let mut words = list.split_whitespace();
        if let Some(ring) = head.strip_prefix("nodelist ") {
            let (_, seq) = ring.split_once('.')?;
            let seq = u64::from_str_radix(seq, 16).ok()?;
            let members = words.map(|node| node.parse().ok()).collect::<Option<_>>()?;
            return Some(Told::NodeList { seq, members });
        }
        let quorate = match head.strip_prefix("quorum ")? {
            "0" => false,
            "1" => true,
            _ => return None,
        };
        let entry = |word: &str| {
            let (node, state) = word.split_once('/')?;
            Some((node.parse().ok()?, state.parse().ok()?))
        };
        let nodes = words.try_fold(Vec::new(), |mut nodes, word| {
            nodes.push(entry(word)?);
            Some(nodes)
        })?;
        Some(Told::Quorum { quorate, nodes })
    }

    /// `nodelist 1.10: 1 2 3`
    #[must_use]
    pub fn node_list(ring: RingId, members: &[u32]) -> String {
        format!("nodelist {ring}: {}", Spaced(members))
    }

    /// `quorum 1: 2/1 3/2`, with the nodes' states.
    #[must_use]
    pub fn quorum(quorate: bool, nodes: impl IntoIterator<Item = (u32, u32)>) -> String {
        let nodes = nodes.into_iter();
        let nodes: String = nodes
            .map(|(node, state)| format!(" {node}/{state}"))
            .collect();
        format!("quorum {}:{nodes}", u8::from(quorate))
    }

    /// `expected 4`
    #[must_use]
    pub fn expected_votes(votes: u32) -> String {
        format!("expected {votes}")
    }

    /// `extra info of 2, 17 bytes`
    #[must_use]
    pub fn extra_info(node: u32, bytes: usize) -> String {
        format!("extra info of {node}, {bytes} bytes")
    }
}

pub(crate) const fn timer(timer: Timer) -> &'static str {
    match timer {
        Timer::LastManStanding => "last_man_standing",
        Timer::Qdevice => "qdevice",
    }
}

pub(crate) const fn level(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Info => "info",
        LogLevel::Notice => "notice",
        LogLevel::Warning => "warning",
        LogLevel::Error => "error",
        LogLevel::Critical => "critical",
    }
}

pub(crate) fn cpg_request(request: &Cpg<'_>) -> String {
    match request {
        Cpg::Join { group, .. } => format!("cpg join {}", name(group)),
        Cpg::Leave { group, .. } => format!("cpg leave {}", name(group)),
        Cpg::Mcast { data, .. } => format!("cpg mcast, {} bytes", data.len()),
        Cpg::Membership { group } => format!("cpg membership {}", name(group)),
        Cpg::LocalGet => "cpg local".to_owned(),
        Cpg::IterInit { .. } => "cpg iteration".to_owned(),
        Cpg::IterNext { .. } => "cpg iteration next".to_owned(),
        Cpg::IterFinalize { .. } => "cpg iteration end".to_owned(),
        Cpg::Finalize => "cpg finalize".to_owned(),
        Cpg::ZeroCopy => "cpg zero copy".to_owned(),
        Cpg::PartialMcast { total, data, .. } => {
            format!("cpg mcast, {} of {total} bytes", data.len())
        }
    }
}

/// Process ids are chance, and left out.
pub(crate) fn cpg_change(
    group: &[u8],
    members: &[Address],
    joined: &[Address],
    left: &[Address],
) -> String {
    let mut text = format!("cpg {}:", name(group));
    for member in members {
        text += &format!(" {}", member.nodeid.get());
    }
    for (sign, list) in [("+", joined), ("-", left)] {
        for address in list {
            text += &format!(" {sign}{}/{}", address.nodeid.get(), address.reason.get());
        }
    }
    text
}

pub(crate) fn cpg_delivery(group: &[u8], from: u32, len: usize) -> String {
    format!("cpg {}: {len} bytes from {from}", name(group))
}

pub(crate) fn cpg_fragment(group: &[u8], from: u32, len: usize, total: u32) -> String {
    format!("cpg {}: {len} of {total} bytes from {from}", name(group))
}

pub(crate) fn cpg_ring(nodes: &[u32]) -> String {
    format!("cpg ring of {}", crate::log::Spaced(nodes))
}
