//! Watches quorum, as examples/watcher.c does: says who is in the local node's partition and whether
//! it is quorate, each time that changes. Reconnects when corosync comes back.
//!
//! ```text
//! cargo run
//! ```
//!
//! With an argument it stops after so many attempts to connect.

use std::thread::sleep;
use std::time::Duration;

use quorate_client::{Error, Event, EventBuffer, IpcError, Options, VoteQuorum};

/// `CS_TRACK_CHANGES`: the state as it is, and every change.
const TRACK_CHANGES: u32 = 2;

/// Tells what happens until corosync is gone.
fn watch(options: &Options) -> Result<(), Error> {
    let session = VoteQuorum::connect(options)?;
    session.track_start(0, TRACK_CHANGES)?;
    let mut buffer = EventBuffer::new();
    loop {
        match session.next_event(&mut buffer, true)? {
            Some(Event::NodeList { ring, members, .. }) => {
                let members: String = members.iter().map(|node| format!(" {node}")).collect();
                println!("members:{members}  (ring {:x}.{:x})", ring.nodeid, ring.seq);
            }
            Some(Event::Quorum { quorate, .. }) => {
                let info = session.info(0)?;
                let word = if quorate != 0 {
                    "QUORATE"
                } else {
                    "NOT QUORATE"
                };
                println!(
                    "{word}: {} of {} votes, {} needed",
                    info.total_votes, info.highest_expected, info.quorum
                );
            }
            Some(_) => {}
            // Everything was told: sleep until there is more, or corosync hangs up.
            None => drop(session.wait(None)?),
        }
    }
}

/// Whether corosync is only not there, or not yet.
fn may_come_back(error: &Error) -> bool {
    use std::io::ErrorKind::{ConnectionRefused, NotFound, WouldBlock};
    match error {
        Error::Ipc(IpcError::Disconnected | IpcError::FlowControl) => true,
        Error::Ipc(IpcError::System { source, .. } | IpcError::Refused(source)) => {
            matches!(source.kind(), ConnectionRefused | NotFound | WouldBlock)
        }
        _ => false,
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::from_environment()?;
    let patience = std::env::args()
        .nth(1)
        .map(|text| text.parse())
        .transpose()?;
    for _ in 0..patience.unwrap_or(u64::MAX) {
        match watch(&options) {
            Err(error) if may_come_back(&error) => println!("no corosync ({error})"),
            result => result?,
        }
        sleep(Duration::from_secs(1));
    }
    Ok(())
}
