//! One lane, while it is made.

use std::time::Duration;

use quorate_sim::What;

use crate::timeline::model::{Cut, Device, Lane, Mark, MarkKind, State, Stretch};

/// A lane, and what is not over yet.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) lane: Lane,
    pub(super) now: Stretch,
    /// What it was before it was paused.
    pub(super) before_pause: Option<State>,
    pub(super) cut: Option<Cut>,
    pub(super) device: Option<Device>,
}

impl Open {
    pub(super) fn happens(&mut self, at: Duration, what: &What) {
        match what {
            What::Started => self.change(at, |now| now.state = State::NotQuorate),
            What::Killed | What::Stopped => self.gone(at, State::Down),
            What::Paused => {
                self.before_pause = Some(self.now.state);
                self.change(at, |now| now.state = State::Paused);
            }
            What::Resumed => {
                let before = self.before_pause.take().unwrap_or(State::NotQuorate);
                self.change(at, |now| now.state = before);
            }
            What::Quorum {
                quorate,
                votes,
                expected,
                ..
            } => self.change(at, |now| {
                now.state = if *quorate {
                    State::Quorate
                } else {
                    State::NotQuorate
                };
                now.votes = Some((*votes, *expected));
            }),
            What::Request { request, .. } => {
                let words: Vec<&str> = request.split(' ').collect();
                match words.as_slice() {
                    ["qdevice_register", ..] => self.device(at, Some(false)),
                    ["qdevice_poll", vote, ..] => self.device(at, Some(*vote == "1")),
                    ["qdevice_unregister", ..] => self.device(at, None),
                    _ => {}
                }
                self.mark(at, MarkKind::Call, what.to_string());
            }
            What::Reply { .. } => self.answer(at, &what.to_string()),
            What::Notified { .. } | What::Told { .. } => {
                self.mark(at, MarkKind::Callback, what.to_string());
            }
            What::Timer { timer } if timer == "qdevice" && self.device.is_some() => {
                self.device(at, Some(false));
            }
            What::Device { action } => match action.as_str() {
                "starts and votes" | "votes" => self.device(at, Some(true)),
                "starts and does not vote" | "does not vote" => self.device(at, Some(false)),
                "unregisters" => self.device(at, None),
                // votequorum misses a device that has stopped when its timer runs out.
                _ => {}
            },
            _ => {}
        }
    }

    pub(super) fn change(&mut self, at: Duration, change: impl FnOnce(&mut Stretch)) {
        let mut next = self.now.clone();
        change(&mut next);
        if next == self.now {
            return;
        }
        next.from = at;
        let mut before = std::mem::replace(&mut self.now, next);
        before.to = at;
        if before.from < at {
            self.lane.stretches.push(before);
        }
    }

    pub(super) fn gone(&mut self, at: Duration, state: State) {
        self.device(at, None);
        self.change(at, |now| {
            now.state = state;
            now.group = None;
            now.votes = None;
            now.ring.clear();
        });
    }

    pub(super) fn end_cut(&mut self, at: Duration) {
        if let Some(mut cut) = self.cut.take() {
            cut.to = at;
            self.lane.cuts.push(cut);
        }
    }

    pub(super) fn device(&mut self, at: Duration, votes: Option<bool>) {
        if self.device.as_ref().map(|device| device.votes) == votes {
            return;
        }
        if let Some(mut device) = self.device.take() {
            device.to = at;
            self.lane.devices.push(device);
        }
        self.device = votes.map(|votes| Device {
            from: at,
            to: at,
            votes,
        });
    }

    fn mark(&mut self, at: Duration, kind: MarkKind, text: String) {
        self.lane.marks.push(Mark { at, kind, text });
    }

    /// What a call was answered stands with the call.
    fn answer(&mut self, at: Duration, text: &str) {
        let client = |text: &str| text.split(' ').nth(1).map(str::to_owned);
        let mut calls = self.lane.marks.iter_mut().rev().take(64);
        let asked =
            calls.find(|mark| mark.kind == MarkKind::Call && client(&mark.text) == client(text));
        if let Some(mark) = asked.filter(|mark| !mark.text.contains(", answered ")) {
            let answer = text
                .split_once(" is answered ")
                .map_or(text, |(_, answer)| answer);
            let later = match at.checked_sub(mark.at).filter(|later| !later.is_zero()) {
                Some(later) => format!(" after {later:?}"),
                None => String::new(),
            };
            mark.text += &format!(", answered {answer}{later}");
        }
    }
}
