//! What the signs mean; only those that occur.

use super::Drawing;
use crate::timeline::model::State;

impl Drawing<'_> {
    pub(super) fn legend(&mut self) {
        let lanes = &self.timeline.lanes;
        let stretches = || lanes.iter().flat_map(|lane| &lane.stretches);
        let state = |state| stretches().any(|stretch| stretch.state == state);
        let marks = lanes.iter().any(|lane| !lane.marks.is_empty());
        let devices = lanes.iter().any(|lane| !lane.devices.is_empty());
        let signs = self.signs;
        let both = |sign, other, text: &str| format!("{sign}{other} {text}");
        let entries = [
            (
                state(State::Quorate),
                both('A', signs.quorate, "ring A, quorate"),
            ),
            (
                state(State::NotQuorate),
                both('b', signs.not_quorate, "ring B, not quorate"),
            ),
            (
                state(State::Paused),
                both(signs.paused, signs.paused, "paused"),
            ),
            (state(State::Down), both(signs.down, signs.down, "down")),
            (
                state(State::Unseen),
                "blank: not seen from the recorded node".to_owned(),
            ),
            (
                marks,
                format!(
                    "{} asks  {} is told  {} both",
                    signs.call, signs.callback, signs.both
                ),
            ),
            (devices, "+ device votes  - does not".to_owned()),
        ];
        let mut line = String::new();
        for (_, entry) in entries.into_iter().filter(|(is_there, _)| *is_there) {
            let more = line.chars().count() + entry.chars().count() + 3;
            if !line.is_empty() && more > self.style.width {
                self.line(&std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line += "   ";
            }
            line += &entry;
        }
        self.line(&line);
    }
}
