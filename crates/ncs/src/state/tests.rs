use super::*;

fn process(node: u32) -> Address {
    Address { node, pid: 100 }
}

fn founded(nodes: u32, record: Record) -> State {
    // The higher the node, the lower its address.
    let addresses = (1..=4_u8)
        .map(|n| (n.into(), [10, 0, 0, 100 - n].into()))
        .collect();
    let line = Line {
        ring: 4,
        founder: process(1),
        life: 1,
    };
    let members = vec![process(1), process(2)];
    State::found(
        Founding {
            line,
            members,
            record,
            addresses,
        },
        nodes,
    )
}

#[test]
fn every_node_of_a_first_founding_is_a_change() {
    let state = founded(0b111, Record::default());
    assert_eq!(
        state.view(),
        View {
            epoch: 3,
            members: 0b111,
            failed: 0,
            master: 1
        }
    );
}

#[test]
fn a_founding_counts_on() {
    let record = Record {
        epoch: 10,
        members: 0b110,
        master: 0b10,
    };
    assert_eq!(founded(0b110, record).record(), record);
    let view = founded(0b011, record).view();
    assert_eq!(
        view,
        View {
            epoch: 12,
            members: 0b011,
            failed: 0,
            master: 0b10
        }
    );
    assert_eq!(
        founded(0b101, record).master,
        1,
        "the highest address when the master is lost"
    );
}

#[test]
fn the_master_is_sticky_then_the_highest_address() {
    let mut state = founded(0b0010, Record::default());
    assert_eq!(state.master, 0b0010);
    assert_eq!(
        state.change_ring(8, 0b1111).unwrap().master,
        0b0010,
        "sticky"
    );
    let view = state.change_ring(8, 0b1101).unwrap();
    assert_eq!(
        view,
        View {
            epoch: 5,
            members: 0b1101,
            failed: 0b0010,
            master: 0b0001
        }
    );
    state.addresses.remove(&4);
    assert_eq!(
        state.change_ring(8, 0b1100).unwrap().master,
        0b0100,
        "a known address before an unknown one"
    );
}

#[test]
fn who_joins_is_not_made_master_in_the_same_breath() {
    let mut state = founded(0b1100, Record::default());
    assert_eq!(state.master, 0b0100);
    assert_eq!(state.change_ring(8, 0b1001).unwrap().master, 0b1000);
}

#[test]
fn two_that_leave_together_cost_two() {
    let mut state = founded(0b111, Record::default());
    let view = state.change_ring(8, 0b100).unwrap();
    assert_eq!(
        view,
        View {
            epoch: 5,
            members: 0b100,
            failed: 0b011,
            master: 0b100
        }
    );
    assert_eq!(state.change_ring(8, 0b100), None);
}

#[test]
fn a_node_that_was_lost_and_is_back_cost_two() {
    let mut state = founded(0b111, Record::default());
    state.lost = 0b001;
    let view = state.change_ring(8, 0b111).unwrap();
    assert_eq!(
        view,
        View {
            epoch: 5,
            members: 0b111,
            failed: 0b001,
            master: 0b010
        }
    );
    assert_eq!(state.lost, 0);
}

#[test]
fn who_announced_it_has_not_failed() {
    let mut state = founded(0b111, Record::default());
    state.leaving = 0b010;
    assert_eq!(state.change_ring(8, 0b100).unwrap().failed, 0b001);
    assert_eq!(state.change_ring(8, 0b110).unwrap().failed, 0);
    assert_eq!(
        state.change_ring(8, 0b100).unwrap().failed,
        0b010,
        "an announcement counts once"
    );
}

#[test]
fn only_a_newcomer_of_this_line_and_life_is_admitted() {
    let mut state = founded(0b111, Record::default());
    let (line, newcomer) = (state.line, process(3));
    assert!(!state.ready(newcomer, 5, line));
    state.newcomers.insert(newcomer, 5);
    assert!(!state.ready(newcomer, 6, line));
    assert!(!state.ready(newcomer, 5, Line { ring: 8, ..line }));
    assert!(state.ready(newcomer, 5, line));
    assert_eq!(state.members, [process(1), process(2), newcomer]);
    assert_eq!(state.newcomers, BTreeMap::new());
}

#[test]
fn attempts_go_round() {
    let mut state = founded(0b111, Record::default());
    let senders: Vec<_> = (0..3).map(|attempt| state.sender(attempt)).collect();
    assert_eq!(
        senders,
        [Some(process(1)), Some(process(2)), Some(process(1))]
    );
    state.depart(&[process(1), process(2)]);
    assert_eq!(state.sender(0), None);
}

#[test]
fn addresses_are_of_nodes_with_bits_and_newcomers_change_none() {
    let mut state = founded(0b111, Record::default());
    let known = state.addresses.clone();
    let ip = [10, 9, 9, 9].into();
    let addresses = vec![(1, ip), (5, ip), (33, ip), (0, ip)];
    state.hello(&Hello {
        instance: 1,
        ring: 4,
        record: Record::default(),
        addresses,
    });
    state.set_address(33, ip);
    assert_eq!(state.addresses.len(), known.len() + 1);
    assert_eq!((state.addresses[&1], state.addresses[&5]), (known[&1], ip));
    state.set_address(1, ip);
    assert_eq!(state.addresses[&1], ip);
}
