//! What must hold at the end of a life, at rest and when all is over.

use quorate_ncs::{Code, Effect, Input, Request, View};

use crate::program::{Handle, Verb};
use crate::world::{Op, World};

impl World {
    /// After `Members == 0` there is nothing but errors.
    pub(crate) fn check_lost(&mut self, p: usize) {
        let program = &mut self.programs[p];
        assert!(
            program.calls.is_empty(),
            "a call waits for ever: {:?}",
            program.calls
        );
        assert!(program.asked.is_empty(), "a registration waits for ever");
        let ring = program.ring().unwrap_or(0) + 400;
        let me = program.address;
        let machine = program.machine.as_mut().expect("the machine that left");
        assert!(machine.is_lost() && machine.position().is_none());
        for (id, handle) in &program.handles {
            assert_eq!(
                handle.view.map(|view| view.members),
                Some(0),
                "{id} was not told"
            );
            assert_eq!(machine.view(*id), Err(Code::NotMember));
            for verb in [Input::Lock, Input::TryLock, Input::Unlock] {
                let call = Request {
                    handle: *id,
                    request: 7,
                    key: b"key",
                };
                let refused = Effect::Completed {
                    request: 7,
                    code: Code::NotMember,
                    holder: 0,
                };
                assert_eq!(machine.handle(verb(call)), [refused]);
            }
        }
        let refused = Effect::Registered {
            handle: u32::MAX,
            code: Code::NotMember,
        };
        assert_eq!(
            machine.handle(Input::Register { handle: u32::MAX }),
            [refused]
        );
        let nodes = &[1, 2, 3, 4, 5];
        assert_eq!(machine.handle(Input::Ring { ring, nodes }), []);
        assert_eq!(
            machine.handle(Input::Quorum {
                ring,
                quorate: true,
                nodes
            }),
            []
        );
        assert_eq!(
            machine.handle(Input::Quorum {
                ring,
                quorate: false,
                nodes
            }),
            []
        );
        let (left, joined) = (&[], &[]);
        assert_eq!(
            machine.handle(Input::Configuration {
                members: &[me],
                left,
                joined
            }),
            []
        );
        assert_eq!(machine.handle(Input::Nudge), []);
        assert_eq!(machine.handle(Input::DaemonLost), []);
    }

    /// With nothing on its way, all programs of a quorate ring are members and agree, and no
    /// program of another ring is one.
    pub(crate) fn check_at_rest(&mut self) {
        let mut agreed: Option<(u64, View)> = None;
        for program in &self.programs {
            let node = &self.cluster.nodes[&program.address.node];
            let settled = node.up && node.verdict.ring == node.ring;
            let Some(machine) = program
                .machine
                .as_ref()
                .filter(|_| settled && program.joined)
            else {
                continue;
            };
            assert!(
                node.verdict.quorate,
                "{:?} outlived its quorum",
                program.address
            );
            let all_told = self
                .cluster
                .nodes
                .values()
                .all(|other| other.class != node.class || other.verdict.ring == other.ring);
            if !all_told || !self.cluster.is_whole(program.address.node) {
                continue;
            }
            assert!(program.is_member(), "{:?} is left outside", program.address);
            assert_eq!(
                program.ring(),
                Some(node.ring),
                "{:?} is behind",
                program.address
            );
            for id in program.handles.keys() {
                let view = machine.view(*id).expect("a member's view");
                let founding = program.position.expect("a member's position").founding;
                let first = *agreed.get_or_insert((founding, view));
                assert_eq!(first, (founding, view), "{:?} disagrees", program.address);
            }
        }
    }

    /// Everything comes back: all programs are members again, every waiter gets its lock, and
    /// nothing stays locked.
    pub(crate) fn finish(&mut self) {
        for node in self
            .cluster
            .nodes
            .keys()
            .map(|node| *node as u8 - 1)
            .collect::<Vec<_>>()
        {
            self.step(Op::Boot(node));
        }
        self.step(Op::Heal);
        self.step(Op::Reform(0, 0));
        self.drain();
        for _ in 0..3 {
            for p in 0..self.programs.len() {
                self.step(Op::Start(p as u8));
            }
            self.drain();
        }
        assert!(self.programs.iter().all(|program| program.is_member()));
        while let Some((p, handle, key)) = self.somebody_holding() {
            self.call_on(p, handle, Verb::Unlock, key);
            self.drain();
        }
        for (p, program) in self.programs.iter().enumerate() {
            assert!(
                program.calls.is_empty(),
                "{p} waits for nobody: {:?}",
                program.calls
            );
        }
        for key in 0..3 {
            self.step(Op::Register(0));
            self.drain();
            let newest = *self.programs[0].handles.keys().last().expect("a handle");
            self.call_on(0, newest, Verb::TryLock, key);
            self.drain();
            let holds = &self.programs[0].handles[&newest].holds;
            assert!(holds.contains(&key), "{key} was left locked");
        }
    }

    fn somebody_holding(&self) -> Option<(usize, u32, u8)> {
        let held = |handle: &Handle| handle.holds.first().copied();
        self.programs.iter().enumerate().find_map(|(p, program)| {
            program
                .handles
                .iter()
                .find_map(|(id, handle)| Some((p, *id, held(handle)?)))
        })
    }
}
