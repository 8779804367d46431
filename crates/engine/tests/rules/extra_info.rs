//! What a qdevice stores for all nodes to see (8.1).

use quorate_engine::{
    Compat, EXTRA_INFO_MAX, InfoFlags, NodeId, Notification, Reply, Request, Status,
};

use crate::cluster::Cluster;
use crate::qdevice::{NAME, config, flags, register, unregister};
use crate::track;

#[test]
fn extra_info_is_shared_and_told() {
    let mut cluster = Cluster::of(&config(2));
    let set = |data: &[u8]| Request::SetExtraInfo {
        data: data.to_vec(),
    };
    let get = |cluster: &mut Cluster, node| {
        cluster.request(2, 1, Request::GetExtraInfo { node: NodeId(node) })
    };
    assert_eq!(cluster.status(1, set(b"a")), Status::NotExist);
    assert_eq!(
        cluster.status(1, set(&[0; EXTRA_INFO_MAX + 1])),
        Status::InvalidParam
    );
    cluster.status(1, register(NAME));
    cluster.status(2, track(7, 4));
    cluster.events(2);
    assert_eq!(cluster.status(1, set(&[0xff; EXTRA_INFO_MAX])), Status::Ok);
    let big = vec![0xff; EXTRA_INFO_MAX];
    let told = Notification::ExtraInfo {
        node: NodeId(1),
        data: big.clone(),
    };
    assert_eq!(cluster.notifications(2), std::slice::from_ref(&told));
    assert_eq!(get(&mut cluster, 1), Reply::ExtraInfo(Ok(big)));
    assert_eq!(get(&mut cluster, 2), Reply::ExtraInfo(Ok(Vec::new())));
    assert_eq!(
        get(&mut cluster, 9),
        Reply::ExtraInfo(Err(Status::NotExist))
    );
    assert!(flags(&cluster, 2, 1).contains(InfoFlags::QDEVICE_EXTRA_INFO));
    cluster.events(2);
    cluster.request(2, 5, track(8, 1));
    assert_eq!(cluster.notifications(2)[2], told);
    assert_eq!(cluster.status(1, set(b"")), Status::Ok);
    let gone = Notification::ExtraInfo {
        node: NodeId(1),
        data: Vec::new(),
    };
    assert_eq!(cluster.notifications(2), [gone]);
}

#[test]
fn extra_info_survives_membership_changes() {
    let mut cluster = Cluster::of(&config(3));
    cluster.status(1, register(NAME));
    cluster.status(
        1,
        Request::SetExtraInfo {
            data: b"x".to_vec(),
        },
    );
    cluster.crash(3);
    cluster.start(3, config(3)).unwrap();
    cluster.heal();
    let answer = cluster.request(3, 1, Request::GetExtraInfo { node: NodeId(1) });
    assert_eq!(answer, Reply::ExtraInfo(Ok(b"x".to_vec())));
}

#[test]
fn corosync_3_1_has_no_extra_info() {
    let mut cluster = Cluster::with_compat(&config(2), Compat::COROSYNC_3_1);
    cluster.status(1, register(NAME));
    cluster.status(2, track(7, 4));
    cluster.events(2);
    let set = Request::SetExtraInfo {
        data: b"x".to_vec(),
    };
    assert_eq!(cluster.status(1, set), Status::InvalidParam);
    let get = Request::GetExtraInfo { node: NodeId(1) };
    assert_eq!(
        cluster.request(1, 1, get),
        Reply::ExtraInfo(Err(Status::InvalidParam))
    );
    cluster.status(1, unregister(NAME));
    assert_eq!(cluster.notifications(2), []);
}
