//! What an input costs: all that is allocated while a machine handles it, whether it is freed again
//! or not.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use quorate_ncs::{Effect, Input, Machine};

struct Counting;

thread_local! {
    static SPENT: Cell<usize> = const { Cell::new(0) };
}

fn spend(bytes: usize) {
    SPENT.with(|spent| spent.set(spent.get() + bytes));
}

// SAFETY: all is left to malloc.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        spend(layout.size());
        // SAFETY: this function's contract is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: this function's contract is the same.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Has the machine handle an input, within its appetite.
pub(crate) fn handled(machine: &mut Machine, input: Input<'_>) -> Vec<Effect> {
    let appetite = machine.appetite(&input);
    let before = SPENT.with(Cell::get);
    let effects = machine.handle(input);
    let spent = SPENT.with(Cell::get) - before;
    assert!(spent > 0 || effects.is_empty(), "nothing is counted");
    assert!(spent <= appetite, "{spent} of {appetite} bytes: {input:?}");
    effects
}
