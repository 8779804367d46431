//! What becomes of a key in the section it stands in.

use super::accounts;
use super::error::ConfigErrorKind;
use super::keys::{Keys, Value};
use super::typing::{Kind, interface_kind, kind_of};

/// The sections in which keys have a meaning of their own. A section inside of one of these counts
/// as part of it, unless it is in this list itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Section {
    Plain,
    Node,
    Interface,
    Member,
    LoggerSubsys,
    LoggingDaemon,
    Uidgid,
}

/// What is collected until a section ends, or the list it is part of.
#[derive(Clone, Debug, Default)]
pub(super) struct Collected {
    node_position: usize,
    link: u8,
    interface: Vec<(String, Value)>,
    members: Vec<String>,
    subsys: Option<String>,
    daemon: Option<String>,
    logging: Vec<(String, String)>,
}

fn not_allowed(section: &'static str, allowed: &'static str) -> ConfigErrorKind {
    ConfigErrorKind::NotAllowedHere { section, allowed }
}

impl Collected {
    /// A section begins inside of `outer`; `path` is its full name.
    pub(super) fn open(&mut self, outer: Section, path: &str) -> Result<Section, ConfigErrorKind> {
        let section = match path {
            "nodelist" => {
                self.node_position = 0;
                Section::Plain
            }
            "nodelist.node" => Section::Node,
            "totem.interface" => {
                self.link = 0;
                self.interface.clear();
                self.members.clear();
                Section::Interface
            }
            "totem.interface.member" => Section::Member,
            "logging.logger_subsys" | "logging.logging_daemon" => {
                self.subsys = None;
                self.daemon = None;
                self.logging.clear();
                if path.ends_with("daemon") {
                    Section::LoggingDaemon
                } else {
                    Section::LoggerSubsys
                }
            }
            "uidgid" => Section::Uidgid,
            _ => outer,
        };
        match section {
            Section::Uidgid if path != "uidgid" => Err(not_allowed("uidgid", "uid and gid")),
            Section::Member if path != "totem.interface.member" => {
                Err(not_allowed("totem.interface.member", "memberaddr"))
            }
            _ => Ok(section),
        }
    }

    /// `path` is the key's full name, its sections included.
    pub(super) fn item(
        &mut self,
        section: Section,
        path: &str,
        text: &str,
        keys: &mut Keys,
    ) -> Result<(), ConfigErrorKind> {
        let inside = |prefix: &str| path.strip_prefix(prefix).unwrap_or(path).to_owned();
        match section {
            Section::Plain => keys.set(path, kind_of(path).read(path, text)?),
            Section::Node => {
                let name = inside("nodelist.node.");
                let kind = match name.as_str() {
                    "nodeid" | "quorum_votes" => Kind::U32,
                    _ => Kind::Str,
                };
                let key = format!("nodelist.node.{}.{name}", self.node_position);
                keys.set(&key, kind.read(&key, text)?)
            }
            Section::Interface => self.interface_item(path, text, keys),
            Section::Member => {
                if path != "totem.interface.member.memberaddr" {
                    return Err(not_allowed("totem.interface.member", "memberaddr"));
                }
                self.members.push(text.to_owned());
                Ok(())
            }
            Section::LoggerSubsys => {
                self.logging_item(inside("logging.logger_subsys."), text, false);
                Ok(())
            }
            Section::LoggingDaemon => {
                self.logging_item(inside("logging.logging_daemon."), text, true);
                Ok(())
            }
            Section::Uidgid => {
                let (file, kind) = match path {
                    "uidgid.uid" => ("/etc/passwd", "uid"),
                    "uidgid.gid" => ("/etc/group", "gid"),
                    _ => return Err(not_allowed("uidgid", "uid and gid")),
                };
                let number = accounts::number_of(file, text).ok_or_else(|| {
                    ConfigErrorKind::UnknownAccount {
                        key: path.to_owned(),
                        found: text.to_owned(),
                    }
                })?;
                keys.set(&format!("uidgid.config.{kind}.{number}"), Value::U8(1))
            }
        }
    }

    fn interface_item(
        &mut self,
        path: &str,
        text: &str,
        keys: &mut Keys,
    ) -> Result<(), ConfigErrorKind> {
        let name = path.strip_prefix("totem.interface.");
        let Some((name, kind)) = name.and_then(|name| Some((name, interface_kind(name)?))) else {
            return keys.set(path, Value::Str(text.to_owned()));
        };
        match (name, kind.read(path, text)?) {
            ("linknumber", Value::U8(link)) => self.link = link,
            (_, value) => self.interface.push((name.to_owned(), value)),
        }
        Ok(())
    }

    fn logging_item(&mut self, name: String, text: &str, in_daemon: bool) {
        match name.as_str() {
            "subsys" => self.subsys = Some(text.to_owned()),
            "name" if in_daemon => self.daemon = Some(text.to_owned()),
            _ => self.logging.push((name, text.to_owned())),
        }
    }

    /// A section ends; `path` is its full name.
    pub(super) fn close(
        &mut self,
        section: Section,
        path: &str,
        keys: &mut Keys,
    ) -> Result<(), ConfigErrorKind> {
        match (section, path) {
            (Section::Node, "nodelist.node") => self.node_position += 1,
            (Section::Interface, "totem.interface") => {
                for (name, value) in self.interface.drain(..) {
                    keys.set(&format!("totem.interface.{}.{name}", self.link), value)?;
                }
                for (n, address) in self.members.drain(..).enumerate() {
                    let key = format!("totem.interface.{}.member.{n}", self.link);
                    keys.set(&key, Value::Str(address))?;
                }
            }
            (Section::LoggerSubsys, "logging.logger_subsys") => {
                let subsys = self.subsys.take().ok_or(ConfigErrorKind::MissingKey {
                    section: "logging.logger_subsys",
                    key: "subsys",
                })?;
                let prefix = format!("logging.logger_subsys.{subsys}");
                self.write_logging(&prefix, &[("subsys", subsys.clone())], keys)?;
            }
            (Section::LoggingDaemon, "logging.logging_daemon") => self.close_daemon(keys)?,
            _ => {}
        }
        Ok(())
    }

    /// The daemon `corosync` is corosync itself: its keys stand directly below `logging`.
    fn close_daemon(&mut self, keys: &mut Keys) -> Result<(), ConfigErrorKind> {
        let daemon = self.daemon.take().ok_or(ConfigErrorKind::MissingKey {
            section: "logging.logging_daemon",
            key: "name",
        })?;
        let subsys = self.subsys.take();
        let is_corosync = daemon == "corosync";
        let mut own = Vec::new();
        if !is_corosync {
            own.push(("name", daemon.clone()));
        }
        if let Some(subsys) = &subsys {
            own.push(("subsys", subsys.clone()));
        }
        let prefix = match (is_corosync, subsys) {
            (true, None) => "logging".to_owned(),
            (true, Some(subsys)) => format!("logging.logger_subsys.{subsys}"),
            (false, None) => format!("logging.logging_daemon.{daemon}"),
            (false, Some(subsys)) => format!("logging.logging_daemon.{daemon}.{subsys}"),
        };
        self.write_logging(&prefix, &own, keys)
    }

    fn write_logging(
        &mut self,
        prefix: &str,
        own: &[(&str, String)],
        keys: &mut Keys,
    ) -> Result<(), ConfigErrorKind> {
        for (name, text) in self.logging.drain(..) {
            keys.set(&format!("{prefix}.{name}"), Value::Str(text))?;
        }
        for (name, text) in own {
            keys.set(&format!("{prefix}.{name}"), Value::Str(text.clone()))?;
        }
        Ok(())
    }
}
