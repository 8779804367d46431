//! The text of a node's `corosync.conf`.

use std::fmt::Write as _;
use std::path::Path;

use crate::cluster::Transport;
use crate::network::main_address;

/// What a cluster is asked to be.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) nodes: usize,
    pub(crate) transport: Transport,
    pub(crate) token: u32,
    pub(crate) votes: Vec<u32>,
    pub(crate) quorum: String,
    pub(crate) totem: String,
    pub(crate) system: String,
    pub(crate) sections: String,
}

impl Settings {
    /// The configuration of the node that keeps its state in `state`.
    pub(crate) fn render(&self, state: &Path) -> String {
        let mut text = String::new();
        let transport = match self.transport {
            Transport::Knet => "knet",
            Transport::Udpu => "udpu",
        };
        // The coefficient would make the token timeout grow with the number of nodes.
        let _ = writeln!(
            text,
            "totem {{\nversion: 2\ncluster_name: quorate\ntransport: {transport}\n\
             token: {}\ntoken_coefficient: 0\ncrypto_cipher: none\ncrypto_hash: none\n{}\n}}",
            self.token, self.totem
        );
        let _ = writeln!(text, "nodelist {{");
        for number in 1..=self.nodes {
            let votes = self
                .votes
                .get(number - 1)
                .map_or(String::new(), |votes| format!("quorum_votes: {votes}\n"));
            let _ = writeln!(
                text,
                "node {{\nname: node{number}\nnodeid: {number}\nring0_addr: {}\n{votes}}}",
                main_address(number)
            );
        }
        let _ = writeln!(text, "}}");
        let _ = writeln!(
            text,
            "quorum {{\nprovider: corosync_votequorum\n{}\n}}",
            self.quorum
        );
        let _ = writeln!(
            text,
            "system {{\nstate_dir: {}\nmove_to_root_cgroup: no\n{}\n}}",
            state.display(),
            self.system
        );
        let _ = writeln!(
            text,
            "logging {{\nto_stderr: yes\nto_syslog: no\nto_logfile: no\ntimestamp: hires\n}}"
        );
        let _ = writeln!(text, "{}", self.sections);
        text
    }
}
