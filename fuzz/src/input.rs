//! Takes what a target needs off the bytes that it is given; zeros when there are no more.

pub(crate) struct Input<'a>(pub(crate) &'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn bytes(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }

    pub(crate) fn number<const N: usize>(&mut self) -> [u8; N] {
        let (mut number, taken) = ([0; N], self.bytes(N));
        number[..taken.len()].copy_from_slice(taken);
        number
    }

    pub(crate) fn u8(&mut self) -> u8 {
        self.number::<1>()[0]
    }

    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.number())
    }

    pub(crate) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.number())
    }

    pub(crate) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.number())
    }

    /// A length, and so many bytes.
    pub(crate) fn string(&mut self) -> &'a [u8] {
        let len = usize::from(self.u8());
        self.bytes(len)
    }
}
