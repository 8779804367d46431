//! `quorate ctl`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use quorate_control::{Client, ClientError, ErrorKind, Refusal, Reply, Request, served, step};

use super::{Which, complain, describe};

/// Control a served cluster.
///
/// What changes the cluster are the steps of scenarios, and is checked as they are.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Ctl {
    #[command(flatten)]
    which: Which,
    #[command(subcommand)]
    verb: Verb,
}

const HELP: &str = "\
Exit status:
    0  it was done
    1  it was not: it does not fit the state of the cluster, votequorum refuses, or it took too long
   64  the arguments make no sense: there is no such node
   69  no cluster is served under the name

Examples:
  quorate ctl partition 1,2 3
  quorate ctl kill 3
  quorate ctl do 'set_votes = { node = 2, votes = 3, on = 1 }'
  quorate ctl status --json | jq '.nodes[] | select(.quorate) | .id'";

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Starts nodes
    Up(Nodes),
    /// Kills nodes: their corosync is gone from one moment to the next
    Kill(Nodes),
    /// Stops nodes cleanly
    Leave(Nodes),
    /// Kills nodes and starts them again before any other has missed them
    Restart(Nodes),
    /// Kills nodes as if their machines had died; programs on them go on, for they are not ours
    PowerOff(Nodes),
    /// Freezes nodes, as SIGSTOP does
    Pause(Nodes),
    /// Lets frozen nodes go on
    Resume(Nodes),
    /// Cuts groups of nodes off from each other: 1,2 3. Those not named form one more group
    Partition {
        /// A list of nodes, with commas
        #[arg(required = true, value_name = "GROUP", value_parser = group)]
        groups: Vec<Group>,
    },
    /// Ends all cuts
    Heal,
    /// Changes the votes of a node, as corosync-quorumtool -n NODE -v VOTES
    #[command(visible_alias = "set-votes")]
    Setvotes {
        /// The node; 0 is the quorum device, and needs --on
        node: u32,
        /// Its votes
        votes: u32,
        /// Where it is asked for [default: on that node]
        #[arg(long, value_name = "NODE", required_if_eq("node", "0"))]
        on: Option<u32>,
    },
    /// Changes the expected votes, as corosync-quorumtool -e VOTES
    #[command(visible_alias = "set-expected")]
    Setexpected {
        /// The expected votes
        votes: u32,
        /// Where it is asked for [default: on the lowest node that is up]
        #[arg(long, value_name = "NODE")]
        on: Option<u32>,
    },
    /// Does something to a node's simulated quorum device
    Qdevice {
        /// The node
        node: u32,
        #[arg(value_enum)]
        action: Device,
    },
    /// Gives all nodes a new corosync.conf and has them read it
    Reload {
        /// The file
        file: PathBuf,
    },
    /// Sets a cmap key of a node, as corosync-cmapctl -s
    SetKey {
        /// The node
        node: u32,
        /// The key
        key: String,
        /// A number or a text
        #[arg(required_unless_present = "delete", allow_hyphen_values = true)]
        value: Option<String>,
        /// Removes the key
        #[arg(long, conflicts_with = "value")]
        delete: bool,
    },
    /// Switches the scenario's faults of this name on or off
    Fault {
        /// The name
        fault: String,
        /// On or off
        #[arg(value_enum)]
        state: Switch,
    },
    /// Does what a step of a scenario says: 'kill = 3'
    Do {
        /// The step, without at, after, pace and expect
        step: String,
    },
    /// Lets the next thing happen that is due in virtual time
    Step,
    /// Lets virtual time pass: 500ms, 10s, 2m
    Advance {
        /// A number and us, ms, s, m or h; a day at most
        #[arg(value_parser = time)]
        time: u64,
    },
    /// Waits until nothing is under way in the cluster and all programs are idle
    Wait {
        /// How long at most, in real time
        #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time)]
        limit: u64,
    },
    /// Shows how everything is
    Status {
        /// Prints JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Lists the names of all clusters that this user serves
    List,
    /// Ends the cluster; returns when nothing of it is left
    Stop,
}

#[derive(Debug, clap::Args)]
struct Nodes {
    /// Node ids
    #[arg(required = true, value_name = "NODE")]
    nodes: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Device {
    /// It votes for its node; it is started if need be
    Vote,
    /// It does not vote; it is started if need be
    Abstain,
    /// Its process is gone, without a word
    Stop,
    /// It unregisters and stops
    Unregister,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Switch {
    On,
    Off,
}

/// The nodes of one side of a cut.
#[derive(Clone, Debug)]
struct Group(Vec<u32>);

fn group(word: &str) -> Result<Group, String> {
    let groups = step::groups([word]).map_err(|_| "expected node ids with commas, as in 1,2")?;
    Ok(Group(groups.concat()))
}

fn time(text: &str) -> Result<u64, String> {
    let time = quorate_sim::scenario::parse_time(text);
    let micros = time.and_then(|time| u64::try_from(time.as_micros()).ok());
    micros.ok_or_else(|| "expected a time like 500ms, 1.5s or 2m".to_owned())
}

pub(crate) fn ctl(arguments: &Ctl) -> ExitCode {
    if let Verb::List = arguments.verb {
        return list();
    }
    let client = match arguments.which.connect() {
        Ok(client) => client,
        Err(error) => return complain("", &error),
    };
    match carry_out(&arguments.verb, client) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&words(), &error),
    }
}

/// What was asked for, so that errors name it.
fn words() -> String {
    let mut rest = std::env::args().skip_while(|word| word != "ctl").skip(1);
    let mut words = String::new();
    while let Some(word) = rest.next() {
        if word == "--name" {
            rest.next();
        } else if !word.starts_with("--name=") {
            words.push_str(&word);
            words.push(' ');
        }
    }
    format!("{}: ", words.trim_end())
}

fn list() -> ExitCode {
    // What was killed answers no more.
    let names = served()
        .into_iter()
        .filter(|name| Client::find(name).is_ok());
    let lines: String = names.map(|name| format!("{name}\n")).collect();
    match crate::say(&lines) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => crate::run::complain(&format!("standard output: {error}"), 1),
    }
}

fn carry_out(verb: &Verb, mut client: Client) -> Result<(), ClientError> {
    let request = match verb {
        Verb::Status { json } => return show(&mut client, *json),
        Verb::Stop => return client.stop(),
        Verb::List => return Ok(()),
        Verb::Step => Request::Step,
        Verb::Advance { time } => Request::Advance { us: *time },
        Verb::Wait { limit } => Request::Wait {
            limit_ms: limit.div_ceil(1000),
        },
        change => change_request(change, &mut client)?,
    };
    let reply = client.ask(&request)?;
    if let (
        Request::Step,
        Reply::Done {
            happened: false, ..
        },
    ) = (&request, reply)
    {
        let text = "nothing is due".to_owned();
        let kind = ErrorKind::State;
        return Err(Refusal { kind, text }.into());
    }
    Ok(())
}

fn change_request(verb: &Verb, client: &mut Client) -> Result<Request, ClientError> {
    let mut files = BTreeMap::new();
    let step = match verb {
        Verb::Up(nodes) => step::nodes("up", &nodes.nodes),
        Verb::Kill(nodes) => step::nodes("kill", &nodes.nodes),
        Verb::Leave(nodes) => step::nodes("leave", &nodes.nodes),
        Verb::Restart(nodes) => step::nodes("restart", &nodes.nodes),
        Verb::PowerOff(nodes) => step::nodes("power_off", &nodes.nodes),
        Verb::Pause(nodes) => step::nodes("pause", &nodes.nodes),
        Verb::Resume(nodes) => step::nodes("resume", &nodes.nodes),
        Verb::Partition { groups } => {
            let groups: Vec<_> = groups.iter().map(|group| group.0.clone()).collect();
            step::partition(&groups)
        }
        Verb::Setvotes { node, votes, on } => step::set_votes(*node, *votes, *on),
        Verb::Setexpected { votes, on } => {
            let on = on.map_or_else(|| first_up(client), Ok)?;
            step::set_expected(on, *votes)
        }
        Verb::Qdevice { node, action } => {
            let action = match action {
                Device::Vote => "vote = true",
                Device::Abstain => "vote = false",
                Device::Stop => "stop = true",
                Device::Unregister => "unregister = true",
            };
            step::qdevice(*node, action)
        }
        Verb::Reload { file } => {
            let name = file.display().to_string();
            files.insert(name.clone(), read(file)?);
            step::reload(&name)
        }
        Verb::SetKey {
            node, key, value, ..
        } => step::set_key(*node, key, value.as_deref()),
        Verb::Fault { fault, state } => step::fault(fault, *state == Switch::On),
        Verb::Do { step } => step.clone(),
        // The others are no changes.
        _ => "heal = true".to_owned(),
    };
    Ok(Request::Change { step, files })
}

fn read(file: &Path) -> Result<String, ClientError> {
    std::fs::read_to_string(file).map_err(|error| {
        let kind = ErrorKind::Invalid;
        let text = error.to_string();
        Refusal { kind, text }.into()
    })
}

fn first_up(client: &mut Client) -> Result<u32, ClientError> {
    let status = client.status(u64::MAX)?;
    let up = status.nodes.iter().find(|node| node.running == "up");
    up.map(|node| node.id).ok_or_else(|| {
        let text = "no node is up".to_owned();
        let kind = ErrorKind::State;
        Refusal { kind, text }.into()
    })
}

fn show(client: &mut Client, json: bool) -> Result<(), ClientError> {
    let status = client.status(0)?;
    let text = match json {
        true => serde_json::to_string_pretty(&status)? + "\n",
        false => describe::status(&status),
    };
    crate::say(&text).map_err(|error| {
        let kind = ErrorKind::System;
        let text = format!("standard output: {error}");
        Refusal { kind, text }.into()
    })
}
