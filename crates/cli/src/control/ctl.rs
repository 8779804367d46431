//! `quorate ctl`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use quorate_control::{Client, ClientError, ErrorKind, Refusal, Reply, Request, served, step};

use super::verb::{Device, Switch, Verb};
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
        Verb::Wait {
            limit,
            connected,
            connections,
        } => {
            let limit_ms = limit.div_ceil(1000);
            match *connected {
                None => Request::Wait { limit_ms },
                Some(node) => Request::WaitConnected {
                    node,
                    connections: *connections,
                    limit_ms,
                },
            }
        }
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
