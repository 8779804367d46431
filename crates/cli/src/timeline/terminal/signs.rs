//! The signs, for terminals of both kinds.

/// The signs: how a stretch goes on after its letter, and marks.
#[derive(Debug)]
pub(super) struct Signs {
    pub(super) quorate: char,
    pub(super) not_quorate: char,
    pub(super) paused: char,
    pub(super) down: char,
    pub(super) unseen: char,
    pub(super) call: char,
    pub(super) callback: char,
    pub(super) both: char,
    pub(super) votes: char,
    pub(super) silent: char,
    pub(super) tick: char,
    pub(super) cut_off: char,
}

pub(super) const UNICODE: Signs = Signs {
    quorate: '━',
    not_quorate: '╌',
    paused: '≈',
    down: '·',
    unseen: ' ',
    call: '▾',
    callback: '○',
    both: '◆',
    votes: '+',
    silent: '-',
    tick: '╵',
    cut_off: '…',
};

pub(super) const ASCII: Signs = Signs {
    quorate: '=',
    not_quorate: '-',
    paused: '~',
    down: '.',
    unseen: ' ',
    call: 'v',
    callback: 'o',
    both: '*',
    votes: '+',
    silent: '-',
    tick: '\'',
    cut_off: '~',
};
