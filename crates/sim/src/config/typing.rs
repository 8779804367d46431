//! Which type a key of corosync.conf has in cmap (read from corosync 3.1's parser).

use super::error::ConfigErrorKind;
use super::keys::Value;

/// What is made of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    U8,
    U16,
    I32,
    U32,
    U64,
    /// A number from 0 to 63 or a name like `af41`, kept as `u8`.
    Dscp,
    /// A string that must be one of these.
    Choice(&'static [&'static str], &'static str),
    Str,
}

const YES_NO: Kind = Kind::Choice(&["yes", "no"], "yes or no");

/// The kind of a key in one of the plain sections, by its full name.
pub(super) fn kind_of(path: &str) -> Kind {
    match path {
        "quorum.expected_votes"
        | "quorum.votes"
        | "quorum.last_man_standing_window"
        | "quorum.leaving_timeout"
        | "quorum.device.timeout"
        | "quorum.device.sync_timeout"
        | "quorum.device.votes"
        | "pload.count"
        | "pload.size"
        | "resources.watchdog_timeout" => Kind::U32,
        "quorum.two_node"
        | "quorum.expected_votes_tracking"
        | "quorum.allow_downscale"
        | "quorum.wait_for_all"
        | "quorum.auto_tie_breaker"
        | "quorum.last_man_standing"
        | "quorum.device.master_wins" => Kind::U8,
        "totem.knet_compression_level" => Kind::I32,
        "totem.config_version"
        | "resources.system.poll_period"
        | "resources.system.memory_used.poll_period"
        | "resources.process.poll_period"
        | "resources.process.memory_used.poll_period" => Kind::U64,
        "totem.ip_version" => Kind::Choice(
            &["ipv4", "ipv6", "ipv6-4", "ipv4-6"],
            "ipv4, ipv6, ipv6-4 or ipv4-6",
        ),
        "totem.ip_dscp" => Kind::Dscp,
        "system.qb_ipc_type" => Kind::Choice(&["native", "shm", "socket"], "native, shm or socket"),
        "system.sched_rr" | "system.allow_knet_handle_fallback" => YES_NO,
        "system.move_to_root_cgroup" => Kind::Choice(&["yes", "no", "auto"], "yes, no or auto"),
        _ => match path.strip_prefix("totem.") {
            Some(name) if TOTEM_NUMBERS.contains(&name) => Kind::U32,
            _ => Kind::Str,
        },
    }
}

const TOTEM_NUMBERS: [&str; 25] = [
    "version",
    "nodeid",
    "threads",
    "token",
    "token_coefficient",
    "token_retransmit",
    "token_warning",
    "hold",
    "token_retransmits_before_loss_const",
    "join",
    "send_join",
    "consensus",
    "merge",
    "downcheck",
    "fail_recv_const",
    "seqno_unchanged_const",
    "heartbeat_failures_allowed",
    "max_network_delay",
    "window_size",
    "max_messages",
    "miss_count_const",
    "knet_pmtud_interval",
    "knet_mtu",
    "knet_compression_threshold",
    "netmtu",
];

/// Whether votequorum reads `quorum.{name}` when it starts.
pub(crate) fn is_quorum_key(name: &str) -> bool {
    matches!(name, "auto_tie_breaker_node" | "device.model")
        || !matches!(kind_of(&format!("quorum.{name}")), Kind::Str)
}

/// The value of a key that is set at runtime. A key that corosync.conf does not know the type of is
/// a string, or `u32` if a number is given; votequorum expects `quorum.cancel_wait_for_all` as `u8`.
pub(crate) fn key_value(key: &str, text: &str, is_number: bool) -> Result<Value, ConfigErrorKind> {
    let kind = match kind_of(key) {
        _ if key == "quorum.cancel_wait_for_all" => Kind::U8,
        Kind::Str if is_number => Kind::U32,
        kind => kind,
    };
    kind.read(key, text)
}

/// The kind of a key by the name that it has in the map, lists included.
pub(super) fn kind_in_map(key: &str) -> Kind {
    let last = key.rsplit('.').next().unwrap_or(key);
    if key.starts_with("nodelist.node.") {
        return match last {
            "nodeid" | "quorum_votes" => Kind::U32,
            _ => Kind::Str,
        };
    }
    if key.starts_with("totem.interface.") {
        return interface_kind(last).unwrap_or(Kind::Str);
    }
    kind_of(key)
}

/// The kind of a key of `totem.interface`, by its last name; `None` for one that corosync does not
/// treat specially.
pub(super) fn interface_kind(name: &str) -> Option<Kind> {
    Some(match name {
        "bindnetaddr" | "mcastaddr" | "broadcast" | "knet_transport" => Kind::Str,
        "linknumber" | "ttl" | "knet_link_priority" => Kind::U8,
        "mcastport" => Kind::U16,
        "knet_ping_interval" | "knet_ping_timeout" | "knet_ping_precision" | "knet_pong_count" => {
            Kind::U32
        }
        _ => return None,
    })
}

const DSCP_NAMES: [(&str, u8); 21] = [
    ("cs0", 0),
    ("cs1", 8),
    ("cs2", 16),
    ("cs3", 24),
    ("cs4", 32),
    ("cs5", 40),
    ("cs6", 48),
    ("cs7", 56),
    ("af11", 10),
    ("af12", 12),
    ("af13", 14),
    ("af21", 18),
    ("af22", 20),
    ("af23", 22),
    ("af31", 26),
    ("af32", 28),
    ("af33", 30),
    ("af41", 34),
    ("af42", 36),
    ("af43", 38),
    ("ef", 46),
];

impl Kind {
    /// The text as a value of this kind.
    pub(super) fn read(self, key: &str, text: &str) -> Result<Value, ConfigErrorKind> {
        let out_of_range = |min: i64, max: u64| ConfigErrorKind::NotANumber {
            key: key.to_owned(),
            min,
            max,
            found: text.to_owned(),
        };
        // Rust's parser takes a leading '+' like strtoll; unlike it, no blanks, which are gone.
        macro_rules! number {
            ($variant:ident, $type:ty) => {
                text.parse()
                    .map(Value::$variant)
                    .map_err(|_| out_of_range(i64::from(<$type>::MIN), <$type>::MAX as u64))
            };
        }
        match self {
            Kind::U8 => number!(U8, u8),
            Kind::U16 => number!(U16, u16),
            Kind::I32 => number!(I32, i32),
            Kind::U32 => number!(U32, u32),
            Kind::U64 => text
                .parse()
                .map(Value::U64)
                .map_err(|_| out_of_range(0, u64::MAX)),
            Kind::Dscp => {
                let named = DSCP_NAMES.iter().find(|(name, _)| *name == text);
                named
                    .map(|&(_, number)| number)
                    .or_else(|| dscp_number(text))
                    .map(Value::U8)
                    .ok_or_else(|| out_of_range(0, 63))
            }
            Kind::Choice(words, expected) => {
                if words.contains(&text) {
                    Ok(Value::Str(text.to_owned()))
                } else {
                    Err(ConfigErrorKind::NotAChoice {
                        key: key.to_owned(),
                        expected,
                        found: text.to_owned(),
                    })
                }
            }
            Kind::Str => Ok(Value::Str(text.to_owned())),
        }
    }
}

/// Decimal, hexadecimal with `0x`, octal with `0`, as in C.
fn dscp_number(text: &str) -> Option<u8> {
    let number = if let Some(digits) = text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        u8::from_str_radix(digits, 16)
    } else if text.len() > 1 && text.starts_with('0') {
        u8::from_str_radix(text, 8)
    } else {
        text.parse()
    };
    number.ok().filter(|&number| number <= 63)
}
