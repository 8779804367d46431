//! The thread that reads a membership's connections.

use crate::Sdk;
use crate::core::{Core, Registration, Stage};
use crate::links::Links;
use quorate_client::{
    CpgAddress, CpgBuffer, CpgEvent, Error, Event, EventBuffer, IpcError, QuorumBuffer,
    QuorumEvent, ReplyError, Wait,
};
use quorate_ncs::{Address, Input, Reason};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// votequorum's state of a node that has announced its end.
const LEAVING: u32 = 3;

/// How long a registration may take before another member is asked.
const NUDGE_AFTER: Duration = Duration::from_secs(1);

/// When what corosync had no room for is sent again.
const RETRY_AFTER: Duration = Duration::from_millis(5);

/// How often it is looked whether the program has memory again.
const SHORTAGE: Duration = Duration::from_millis(5);

/// What ends a membership whichever ring it is about.
const THE_END: Input<'_> = Input::Quorum {
    ring: 0,
    quorate: false,
    nodes: &[],
};

/// How long the reader waits when nothing happens; for ever if there is none.
struct Limit(Option<Duration>);

pub(crate) struct Reader<C: 'static> {
    sdk: &'static Sdk<C>,
    links: Arc<Links>,
    life: u64,
    cpg: CpgBuffer,
    quorum: QuorumBuffer,
    votes: EventBuffer,
    nudged: Instant,
}

impl<C: Copy + Send + 'static> Reader<C> {
    pub(crate) fn new(sdk: &'static Sdk<C>, links: Arc<Links>, life: u64) -> Self {
        Self {
            sdk,
            life,
            cpg: links.cpg.buffer(),
            quorum: QuorumBuffer::new(),
            votes: EventBuffer::new(),
            nudged: Instant::now(),
            links,
        }
    }

    /// Reads until the membership is over. The program's node may be one that others rely on:
    /// should this code fail, the program is told that it is out, and not left waiting.
    pub(crate) fn run(self) {
        let (sdk, life) = (self.sdk, self.life);
        let links = Arc::clone(&self.links);
        let _ = catch_unwind(AssertUnwindSafe(|| self.read_to_the_end()));
        links.close();
        sdk.end(life);
    }

    fn read_to_the_end(mut self) {
        loop {
            if self.read().is_err() {
                self.cut();
            }
            let Some(limit) = self.next_wait() else {
                return;
            };
            if self.links.wait(limit.0).is_err() {
                self.cut();
            }
        }
    }

    /// Takes in all that has come.
    fn read(&mut self) -> Result<(), Error> {
        loop {
            while self.read_quorum()? | self.read_votes()? | self.read_cpg()? {}
            let states = [
                self.links.cpg.wait(Some(Duration::ZERO))?,
                self.links.quorum.wait(Some(Duration::ZERO))?,
                self.links.votes.wait(Some(Duration::ZERO))?,
            ];
            if !states.contains(&Wait::Ready) {
                return Ok(());
            }
        }
    }

    fn read_cpg(&mut self) -> Result<bool, Error> {
        let Some(event) = self.links.cpg.next_event(&mut self.cpg, true)? else {
            return Ok(false);
        };
        let (sdk, life) = (self.sdk, self.life);
        match event {
            CpgEvent::Deliver {
                nodeid, pid, data, ..
            } => {
                let from = Address { node: nodeid, pid };
                let input = Input::Deliver { from, bytes: data };
                sdk.take_in(life, &self.links, input)?;
            }
            CpgEvent::Confchg {
                members,
                left,
                joined,
                ..
            } => {
                let members: Vec<_> = members.iter().map(address).collect();
                let (left, joined) = (with_reasons(left)?, with_reasons(joined)?);
                let input = Input::Configuration {
                    members: &members,
                    left: &left,
                    joined: &joined,
                };
                sdk.take_in(life, &self.links, input)?;
            }
            CpgEvent::TotemConfchg { ring, nodes } => {
                let ring = ring.seq;
                sdk.take_in(life, &self.links, Input::Ring { ring, nodes })?;
            }
            CpgEvent::PartialDeliver { .. } => {}
        }
        Ok(true)
    }

    fn read_quorum(&mut self) -> Result<bool, Error> {
        let Some(event) = self.links.quorum.next_event(&mut self.quorum, true)? else {
            return Ok(false);
        };
        if let QuorumEvent::Quorum {
            quorate,
            ring,
            members,
        } = event
        {
            let input = Input::Quorum {
                ring: ring.seq,
                quorate,
                nodes: members,
            };
            self.sdk.take_in(self.life, &self.links, input)?;
        }
        Ok(true)
    }

    fn read_votes(&mut self) -> Result<bool, Error> {
        let Some(event) = self.links.votes.next_event(&mut self.votes, true)? else {
            return Ok(false);
        };
        if let Event::Quorum { nodes, .. } = event {
            let mut core = self.sdk.core.lock();
            for node in nodes.iter().filter(|node| node.state == LEAVING) {
                let node = node.nodeid;
                self.sdk.feed(&mut core, Input::Leaving { node });
            }
        }
        Ok(true)
    }

    /// The daemon is gone, or can't be trusted any more.
    fn cut(&self) {
        let mut core = self.sdk.core.lock();
        self.sdk.feed(&mut core, Input::DaemonLost);
        if let Some(membership) = &mut core.membership {
            membership.stage = Stage::Cut;
        }
    }

    /// How long to wait; none if this membership is over.
    fn next_wait(&mut self) -> Option<Limit> {
        let mut core = self.sdk.core.lock();
        core.membership.as_mut()?.flush();
        if self.is_over(&mut core) {
            return None;
        }
        let mut handles = core.handles.values();
        let asked = handles
            .any(|handle| handle.life == self.life && handle.registration == Registration::Asked);
        if !asked {
            self.nudged = Instant::now();
        } else if self.nudged.elapsed() >= NUDGE_AFTER {
            self.nudged = Instant::now();
            self.sdk.feed(&mut core, Input::Nudge);
        }
        Some(Limit(match core.membership.as_ref()?.outbox.len() {
            0 => asked.then_some(NUDGE_AFTER),
            _ => Some(RETRY_AFTER),
        }))
    }

    fn is_over(&self, core: &mut Core<C>) -> bool {
        let used = core.has_handles(self.life);
        let told = !core.has_callbacks(self.life);
        let Some(membership) = &mut core.membership else {
            return true;
        };
        let over = match membership.stage {
            Stage::Open => !used && membership.outbox.is_empty(),
            Stage::Leaving => told,
            Stage::Cut | Stage::Closing => true,
        };
        if over {
            membership.stage = Stage::Closing;
        }
        over
    }
}

impl<C: Copy + Send + 'static> Sdk<C> {
    /// Gives the machine what has come, as soon as there is memory for all that may come of it. The
    /// group goes on meanwhile, and calls that need none. A membership that nobody uses any more
    /// ends with the first thing that it is not told, and is told nothing after it: what it knew
    /// would be wrong, and it would give that to newcomers. Nor is one told anything more that has
    /// lost quorum meanwhile: that is not to wait for memory behind what came before.
    fn take_in(&self, life: u64, links: &Links, input: Input<'_>) -> Result<(), Error> {
        let mut quorate = true;
        loop {
            let mut core = self.core.lock();
            let membership = core.membership.as_ref();
            if membership.is_none_or(|member| member.stage == Stage::Closing) {
                return Ok(());
            }
            if !quorate && core.may_take_in(&THE_END) {
                self.feed(&mut core, THE_END);
                return Ok(());
            }
            if core.may_take_in(&input) {
                self.feed(&mut core, input);
                return Ok(());
            }
            if !core.has_handles(life) {
                if let Some(membership) = &mut core.membership {
                    membership.stage = Stage::Closing;
                }
                return Ok(());
            }
            drop(core);
            thread::sleep(SHORTAGE);
            quorate = match links.quorum.quorate() {
                // A daemon that is stopped says nothing new.
                Err(Error::Ipc(IpcError::TimedOut)) => quorate,
                answer => answer?,
            };
        }
    }
}

fn address(member: &CpgAddress) -> Address {
    Address {
        node: member.nodeid.get(),
        pid: member.pid.get(),
    }
}

fn with_reasons(list: &[CpgAddress]) -> Result<Vec<(Address, Reason)>, Error> {
    list.iter()
        .map(|member| {
            let reason = Reason::try_from(member.reason.get())
                .map_err(|_| ReplyError::Malformed("a process came or went for no known reason"))?;
            Ok((address(member), reason))
        })
        .collect()
}
