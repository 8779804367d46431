//! What can be wrong with a message, and all of it for a given one.

use super::link::{Channel, Link};
use super::rings::{Chunk, Ring, header};
use super::scripted::Kind;
use crate::random::Random;

/// Values that a field of 32 bits may have but should not, or that stand at an edge.
pub const BAD_WORDS: [u32; 10] = [
    0,
    1,
    2,
    24,
    385,
    8193,
    0x7FFF_FFFF,
    0x8000_0000,
    0xA1A1_A1A1,
    0xFFFF_FFFF,
];

/// Lengths and marks that a chunk of corosync's never has.
const BAD_LENGTHS: [u32; 7] = [0, 1, 23, 8193, 1 << 16, 0x7FFF_FFFF, 0xFFFF_FFFF];
const BAD_MAGICS: [u32; 5] = [0, 1, 0xA110_CED0, 0xD0D0_D0D0, 0xFFFF_FFFF];

/// Where a file is cut: at each page of a ring's header.
const PAGES: [u64; 3] = [0, 4096, 8192];
const MOMENTS: [Moment; 3] = [Moment::Before, Moment::Laid, Moment::After];

/// Between these first and last words of a message is data of one kind: a name, mostly.
const FIRST: usize = 24;
const LAST: usize = 16;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The answer to a request.
    Reply,
    /// What comes unasked.
    Event,
}

/// When something happens to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before it is anywhere: the client waits for it.
    Before,
    /// When it is in its ring and not counted yet.
    Laid,
    /// When the client may be taking it.
    After,
}

/// One thing that is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The word at this offset has another value.
    Word(usize, u32),
    /// It ends after so many bytes.
    Cut(usize),
    /// It has so many more bytes.
    Grown(usize),
    /// Its chunk claims another length.
    ChunkLen(u32),
    /// Its chunk has another mark.
    ChunkMagic(u32),
    /// Before it is sent, a word of the header of a ring (0 to 2) has another value.
    Header(usize, usize, u32),
    /// At this moment a file that the client shares has so many bytes, by a descriptor of it: of
    /// rings header and data of each, in turn.
    CutFile(Moment, usize, u64),
    /// It comes twice.
    Twice,
    /// A reply comes as an event, an event as a reply.
    Astray,
    /// An event's byte is not sent, or a byte without an event with a reply.
    WrongBytes,
    /// It does not come.
    Never,
    /// The connection ends instead.
    Closed,
}

/// Decides for each message what is wrong with it.
pub type Whim<'a> = dyn FnMut(Place, &[u8]) -> Option<Fault> + 'a;

impl Fault {
    /// Everything that can be wrong with a message of this kind.
    #[must_use]
    pub fn all(message: &[u8], kind: Kind) -> Vec<Self> {
        let mut all = vec![Self::Twice, Self::Astray, Self::Never, Self::Closed];
        let words = message.len() / 4;
        for at in (0..words).filter(|at| *at < FIRST || at + LAST >= words) {
            all.extend(BAD_WORDS.map(|value| Self::Word(at * 4, value)));
        }
        all.extend((0..message.len().min(400)).map(Self::Cut));
        all.extend([1, 4, 3000].map(Self::Grown));
        if kind.has_rings() {
            all.extend(BAD_LENGTHS.map(Self::ChunkLen));
            all.extend(BAD_MAGICS.map(Self::ChunkMagic));
            all.push(Self::WrongBytes);
        }
        all
    }

    /// Every word of the rings' headers with every bad value.
    #[must_use]
    pub fn headers() -> Vec<Self> {
        let mut all = Vec::new();
        for ring in 0..3 {
            for offset in header::WORDS {
                all.extend(BAD_WORDS.map(|value| Self::Header(ring, offset, value)));
            }
        }
        all
    }

    /// Every file that the client shares, cut at every page, at every moment of a message.
    #[must_use]
    pub fn cuts(kind: Kind) -> Vec<Self> {
        let mut all = Vec::new();
        for moment in MOMENTS {
            for file in 0..if kind.has_rings() { 6 } else { 1 } {
                all.extend(PAGES.map(|len| Self::CutFile(moment, file, len)));
            }
        }
        all
    }

    /// Something wrong with a message, by chance.
    pub fn any(random: &mut Random, message: &[u8], kind: Kind) -> Self {
        if kind.may_cut() && random.below(6) == 0 {
            let file = random.below(if kind.has_rings() { 6 } else { 1 });
            return Self::CutFile(random.pick(&MOMENTS), file, random.pick(&PAGES));
        }
        let value = match random.below(2) {
            0 => random.pick(&BAD_WORDS),
            _ => random.next_u64() as u32,
        };
        match random.below(if kind.has_rings() { 12 } else { 8 }) {
            0..4 => Self::Word(random.below((message.len() / 4).max(1)) * 4, value),
            4 => Self::Cut(random.below(message.len().max(1))),
            5 => Self::Grown(1 + random.below(4000)),
            6 => random.pick(&[Self::Twice, Self::Astray, Self::Closed]),
            7 => random.pick(&[Self::Never, Self::Closed, Self::Twice]),
            8 => Self::ChunkLen(value),
            9 => Self::ChunkMagic(value),
            10 => Self::WrongBytes,
            _ => Self::Header(random.below(3), random.pick(&header::WORDS), value),
        }
    }

    /// Sends the message with this fault; false if nothing more is to come.
    pub(super) fn commit(self, link: &mut Link, place: Place, message: &[u8]) -> bool {
        let mut bytes = message.to_vec();
        match self {
            Self::Word(at, value) => {
                if let Some(word) = bytes.get_mut(at..at + 4) {
                    word.copy_from_slice(&value.to_ne_bytes());
                }
                link.send(place, &bytes);
            }
            Self::Cut(len) => link.send(place, &bytes[..len]),
            Self::Grown(by) => {
                bytes.resize(bytes.len() + by, 0xEE);
                link.send(place, &bytes);
            }
            Self::ChunkLen(len) => {
                let payload = &bytes;
                let chunk = Chunk {
                    len,
                    ..Chunk::new(payload)
                };
                link.send_chunk(place, chunk);
            }
            Self::ChunkMagic(magic) => {
                let payload = &bytes;
                let chunk = Chunk {
                    magic,
                    ..Chunk::new(payload)
                };
                link.send_chunk(place, chunk);
            }
            Self::Header(ring, offset, value) => {
                // After the message, or sending it would put some of them right again.
                link.lay(place, Chunk::new(message));
                if let Channel::Rings(rings) = &link.channel {
                    rings.each()[ring].set(offset, value);
                }
                link.announce(place);
            }
            Self::CutFile(moment, file, len) => {
                let cut = |link: &Link, now| {
                    if now == moment {
                        link.files()[file].set_len(len).expect("a file can be cut");
                    }
                };
                cut(link, Moment::Before);
                if let Channel::Rings(_) = link.channel {
                    link.lay(place, Chunk::new(message));
                    cut(link, Moment::Laid);
                    link.announce(place);
                } else {
                    cut(link, Moment::Laid);
                    link.send(place, message);
                }
                cut(link, Moment::After);
            }
            Self::Twice => {
                link.send(place, &bytes);
                link.send(place, &bytes);
            }
            Self::Astray => link.send(place.other(), &bytes),
            Self::WrongBytes => {
                if let Some(ring) = link.ring(place) {
                    ring.lay(Chunk::new(message));
                    ring.post();
                }
                if place == Place::Reply {
                    link.say(&[0; 3]);
                }
            }
            Self::Never => {}
            Self::Closed => return false,
        }
        true
    }
}

impl Place {
    fn other(self) -> Self {
        match self {
            Self::Reply => Self::Event,
            Self::Event => Self::Reply,
        }
    }
}

impl Link {
    /// Sends a message as it should be.
    pub fn send(&mut self, place: Place, bytes: &[u8]) {
        match (&mut self.channel, place) {
            (Channel::Rings(_), _) => self.send_chunk(place, Chunk::new(bytes)),
            (Channel::Sockets(sockets), Place::Reply) => sockets.reply(bytes),
            (Channel::Sockets(sockets), Place::Event) => sockets.event(bytes),
            (Channel::Nothing, _) => {}
        }
    }

    /// Sends a chunk, if this connection has rings.
    fn send_chunk(&mut self, place: Place, chunk: Chunk<'_>) {
        self.lay(place, chunk);
        self.announce(place);
    }

    fn lay(&mut self, place: Place, chunk: Chunk<'_>) {
        if let Some(ring) = self.ring(place) {
            ring.lay(chunk);
        }
    }

    fn announce(&mut self, place: Place) {
        if let Some(ring) = self.ring(place) {
            ring.post();
        }
        if place == Place::Event {
            self.say(&[0]);
        }
    }

    fn ring(&mut self, place: Place) -> Option<&mut Ring> {
        match (&mut self.channel, place) {
            (Channel::Rings(rings), Place::Reply) => Some(&mut rings.response),
            (Channel::Rings(rings), Place::Event) => Some(&mut rings.event),
            (Channel::Sockets(_) | Channel::Nothing, _) => None,
        }
    }
}
