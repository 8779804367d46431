//! What `quorate ctl` can be told to do.

use std::path::PathBuf;

use quorate_control::step;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
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
        /// Until programs have connected to this node, before
        #[arg(long, value_name = "NODE")]
        connected: Option<u32>,
        /// How many connections there must be
        #[arg(long, value_name = "N", default_value_t = 1, requires = "connected")]
        connections: u32,
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
pub(super) struct Nodes {
    /// Node ids
    #[arg(required = true, value_name = "NODE")]
    pub(super) nodes: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Device {
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
pub(super) enum Switch {
    On,
    Off,
}

/// The nodes of one side of a cut.
#[derive(Clone, Debug)]
pub(super) struct Group(pub(super) Vec<u32>);

fn group(word: &str) -> Result<Group, String> {
    let groups = step::groups([word]).map_err(|_| "expected node ids with commas, as in 1,2")?;
    Ok(Group(groups.concat()))
}

fn time(text: &str) -> Result<u64, String> {
    let time = quorate_sim::scenario::parse_time(text);
    let micros = time.and_then(|time| u64::try_from(time.as_micros()).ok());
    micros.ok_or_else(|| "expected a time like 500ms, 1.5s or 2m".to_owned())
}
