//! The functions of corosync's C API, and which request each of them sends.

use quorate_ipc::Service;
use quorate_proto::{cfg, cmap, cpg, quorum, votequorum};

/// A function of corosync's C API that asks the daemon something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Function {
    /// Whom it asks.
    pub service: Service,
    /// Its name in C.
    pub name: &'static str,
}

/// Requests by service, name and number. `cmap_dec` sends what `cmap_inc` sends, and a message of
/// cpg's that is longer than one request is several calls.
const REQUESTS: [(Service, &str, i32); 49] = {
    use Service::{Cfg, Cmap, Cpg, Quorum, VoteQuorum};
    use cfg::request_id as g;
    use cmap::request_id as m;
    use cpg::request_id as p;
    use quorum::request_id as q;
    use votequorum::request_id as v;
    [
        (VoteQuorum, "votequorum_getinfo", v::GET_INFO),
        (VoteQuorum, "votequorum_setexpected", v::SET_EXPECTED),
        (VoteQuorum, "votequorum_setvotes", v::SET_VOTES),
        (VoteQuorum, "votequorum_trackstart", v::TRACK_START),
        (VoteQuorum, "votequorum_trackstop", v::TRACK_STOP),
        (VoteQuorum, "votequorum_qdevice_register", v::REGISTER),
        (VoteQuorum, "votequorum_qdevice_unregister", v::UNREGISTER),
        (VoteQuorum, "votequorum_qdevice_update", v::UPDATE),
        (VoteQuorum, "votequorum_qdevice_poll", v::POLL),
        (VoteQuorum, "votequorum_qdevice_master_wins", v::MASTER_WINS),
        (
            VoteQuorum,
            "votequorum_set_qdevice_extra_info",
            v::SET_EXTRA_INFO,
        ),
        (
            VoteQuorum,
            "votequorum_get_qdevice_extra_info",
            v::GET_EXTRA_INFO,
        ),
        (Quorum, "quorum_getquorate", q::GET_QUORATE),
        (Quorum, "quorum_trackstart", q::TRACK_START),
        (Quorum, "quorum_trackstop", q::TRACK_STOP),
        // What an old quorum_initialize and a new one ask right after connecting.
        (Quorum, "quorum_model_initialize", q::GET_TYPE),
        (Quorum, "quorum_model_initialize", q::MODEL_GET_TYPE),
        (Cmap, "cmap_set", m::SET),
        (Cmap, "cmap_delete", m::DELETE),
        (Cmap, "cmap_get", m::GET),
        (Cmap, "cmap_inc", m::ADJUST_INT),
        (Cmap, "cmap_iter_init", m::ITER_INIT),
        (Cmap, "cmap_iter_next", m::ITER_NEXT),
        (Cmap, "cmap_iter_finalize", m::ITER_FINALIZE),
        (Cmap, "cmap_track_add", m::TRACK_ADD),
        (Cmap, "cmap_track_delete", m::TRACK_DELETE),
        (Cmap, "cmap_initialize_map", m::SET_CURRENT_MAP),
        (Cfg, "corosync_cfg_ring_status_get", g::RING_STATUS_GET),
        (Cfg, "corosync_cfg_ring_reenable", g::RING_REENABLE),
        (Cfg, "corosync_cfg_kill_node", g::KILL_NODE),
        (Cfg, "corosync_cfg_try_shutdown", g::TRY_SHUTDOWN),
        (Cfg, "corosync_cfg_replyto_shutdown", g::REPLY_TO_SHUTDOWN),
        (Cfg, "corosync_cfg_get_node_addrs", g::GET_NODE_ADDRS),
        (Cfg, "corosync_cfg_local_get", g::LOCAL_GET),
        (Cfg, "corosync_cfg_reload_config", g::RELOAD_CONFIG),
        (Cfg, "corosync_cfg_reopen_log_files", g::REOPEN_LOG_FILES),
        (Cfg, "corosync_cfg_node_status_get", g::NODE_STATUS_GET),
        (Cfg, "corosync_cfg_trackstart", g::TRACK_START),
        (Cfg, "corosync_cfg_trackstop", g::TRACK_STOP),
        (Cpg, "cpg_join", p::JOIN),
        (Cpg, "cpg_leave", p::LEAVE),
        (Cpg, MCAST, p::MCAST),
        (Cpg, MCAST, p::PARTIAL_MCAST),
        (Cpg, "cpg_membership_get", p::MEMBERSHIP),
        (Cpg, "cpg_local_get", p::LOCAL_GET),
        (Cpg, "cpg_iteration_initialize", p::ITER_INIT),
        (Cpg, "cpg_iteration_next", p::ITER_NEXT),
        (Cpg, "cpg_iteration_finalize", p::ITER_FINALIZE),
        (Cpg, "cpg_finalize", p::FINALIZE),
    ]
};

const MCAST: &str = "cpg_mcast_joined";

impl Function {
    /// The function of this name; `None` if there is none that asks the daemon anything.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let connects = SERVICES.map(Function::connecting);
        let asks = REQUESTS.map(|(service, name, _)| Function { service, name });
        let mut all = connects.into_iter().chain(asks);
        all.find(|function| function.name == name)
    }

    /// The one that connects to a service: `votequorum_initialize` and its like.
    #[must_use]
    pub fn connecting(service: Service) -> Self {
        let name = match service {
            Service::VoteQuorum => "votequorum_initialize",
            Service::Quorum => "quorum_initialize",
            Service::Cmap => "cmap_initialize",
            Service::Cfg => "corosync_cfg_initialize",
            Service::Cpg => "cpg_initialize",
        };
        Function { service, name }
    }

    /// The one that sends this request; `None` if the service has no such request.
    #[must_use]
    pub fn of_request(service: Service, bytes: &[u8]) -> Option<Self> {
        let id = i32::from_ne_bytes(*bytes.first_chunk()?);
        let mut requests = REQUESTS.iter();
        let found = requests.find(|(of, _, number)| (*of, *number) == (service, id))?;
        let name = found.1;
        Some(Function { service, name })
    }

    /// Whether it connects.
    #[must_use]
    pub fn connects(self) -> bool {
        self == Function::connecting(self.service)
    }

    /// Whether the daemon answers it. It does not answer cpg's multicast.
    #[must_use]
    pub fn is_answered(self) -> bool {
        self.name != MCAST
    }
}

/// All services.
const SERVICES: [Service; 5] = [
    Service::VoteQuorum,
    Service::Quorum,
    Service::Cmap,
    Service::Cfg,
    Service::Cpg,
];

/// The service of this name.
pub(crate) fn service(name: &str) -> Option<Service> {
    SERVICES.into_iter().find(|service| service.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_has_a_name_and_every_name_is_found() {
        for (service, name, id) in REQUESTS {
            let function = Function::of_request(service, &id.to_ne_bytes()).unwrap();
            assert_eq!((function.service, function.name), (service, name));
            assert_eq!(Function::named(name), Some(function));
            assert!(!function.connects());
        }
        for service in SERVICES {
            let connecting = Function::connecting(service);
            assert_eq!(Function::named(connecting.name), Some(connecting));
            assert!(connecting.connects());
        }
        assert_eq!(Function::named("votequorum_finalize"), None);
        assert_eq!(Function::of_request(Service::Cmap, &[0, 0]), None);
    }
}
