//! `quorate ctl`, `quorate env`, `quorate exec`: what is done with a served cluster.

mod ctl;
pub(crate) mod describe;
mod point;
mod verb;

pub(crate) use ctl::{Ctl, ctl};
pub(crate) use point::{Env, Exec, env, exec};

use std::path::PathBuf;
use std::process::ExitCode;

use quorate_control::{Client, ClientError, ErrorKind, Name};

use crate::node::RUN_DIR;

/// EX_UNAVAILABLE of sysexits.h.
const NO_CLUSTER: u8 = 69;

/// Which served cluster is meant.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Which {
    /// The name of the cluster [default: the one that QUORATE_RUN_DIR leads to, or 'default']
    #[arg(long, value_name = "NAME", global = true)]
    name: Option<Name>,
}

impl Which {
    /// Whether a certain one is meant.
    pub(crate) fn is_named(&self) -> bool {
        self.name.is_some()
    }

    pub(crate) fn connect(&self) -> Result<Client, ClientError> {
        if let Some(name) = &self.name {
            return Client::find(name);
        }
        let run_dir = std::env::var_os(RUN_DIR).filter(|path| !path.is_empty());
        let Some(run_dir) = run_dir.map(PathBuf::from) else {
            return Client::find(&Name::default());
        };
        match Client::of_node(&run_dir) {
            // A node of 'quorate run', which is not served; of one that is gone, nobody knows.
            Err(ClientError::NotServed(_)) if run_dir.exists() => Client::find(&Name::default()),
            client => client,
        }
    }
}

fn complain(what: &str, error: &ClientError) -> ExitCode {
    let code = match error {
        ClientError::NoSuchCluster(_) | ClientError::NotServed(_) => NO_CLUSTER,
        ClientError::Refused(refusal) if refusal.kind == ErrorKind::Invalid => crate::USAGE,
        _ => 1,
    };
    eprintln!("quorate: {what}{error}");
    code.into()
}
