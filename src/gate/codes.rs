//! What gates look at: a stable word for each check, with its section in docs/gates.md.

use std::fmt;

use serde::{Serialize, Serializer};

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal;)+) => {
        /// A check of a gate. The words are stable: scripts may match on them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[doc = $doc])+ $name,)+ }

        impl Code {
            /// Every code, in the order of docs/gates.md.
            pub const ALL: &[Code] = &[$(Code::$name),+];

            /// The code as printed: `short-isr`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text),+ }
            }
        }
    };
}

codes! {
    /// What the source of the snapshot could not say.
    SnapshotGaps = "snapshot-gaps";
    /// The plan was made for this cluster.
    ClusterIdentity = "cluster-identity";
    /// Partitions are where the plan takes them from.
    Drift = "drift";
    /// Earlier waves are done as the plan says.
    EarlierWaves = "earlier-waves";
    /// The wave is not done already.
    WaveDone = "wave-done";
    /// No partition has come to a drained broker that the plan does not know.
    NewPartitions = "new-partitions";
    /// Nothing is under reassignment.
    Reassigning = "reassigning";
    /// Every partition has a leader that serves, and an ISR.
    OfflinePartitions = "offline-partitions";
    /// Every ISR has `min.insync.replicas` members.
    UnderMinIsr = "under-min-isr";
    /// Every replica is in sync.
    ShortIsr = "short-isr";
    /// Every partition has more replicas than `min.insync.replicas`.
    MinIsr = "min-isr";
    /// Every partition has a second replica.
    SingleReplica = "single-replica";
    /// Every broker serves.
    BrokerState = "broker-state";
    /// Every broker that is to receive data can.
    TargetState = "target-state";
    /// There are as many targets as a partition has replicas to place.
    TooFewTargets = "too-few-targets";
    /// Old and new brokers name their racks alike.
    RackNames = "rack-names";
    /// Every broker has a rack, or none.
    RackMissing = "rack-missing";
    /// The version of Kafka is known, and what to mind with it.
    Version = "version";
    /// All brokers run the same version.
    MixedVersions = "mixed-versions";
    /// Every log dir is online.
    DiskOffline = "disk-offline";
    /// No log dir is above the limit now.
    DiskOverLimit = "disk-over-limit";
    /// What moves fits below the limit.
    DiskRoom = "disk-room";
    /// No throttle is left over.
    ThrottleLeftover = "throttle-leftover";
    /// Kafka's own topics are there and well replicated.
    InternalTopics = "internal-topics";
    /// The first replica of each list leads.
    PreferredLeaders = "preferred-leaders";
    /// Whether Kafka elects preferred leaders by itself.
    AutoLeaderRebalance = "auto-leader-rebalance";
    /// No list names a broker that is to go.
    References = "references";
    /// No throttle names a broker that is to go.
    ThrottleReferences = "throttle-references";
    /// Log dirs of a broker that is to go hold nothing.
    LogDirsEmpty = "log-dirs-empty";
    /// A broker that is to go is no controller.
    ControllerRole = "controller-role";
    /// Nothing outside the cluster names a broker that is to go.
    Clients = "clients";
    /// What has to be done with the registration of a broker that is to go.
    Registration = "registration";
    /// ZooKeeper keeps the metadata, so there is something to migrate.
    KraftMode = "kraft-mode";
    /// The version can be migrated.
    KraftVersion = "kraft-version";
    /// The brokers speak the protocol of their version.
    InterBrokerProtocol = "inter-broker-protocol";
    /// Brokers with several log dirs run a version that can migrate them.
    Jbod = "jbod";
    /// Ids of brokers are set by hand, and free of the controllers'.
    BrokerIds = "broker-ids";
    /// Every broker that a list names is registered.
    UnregisteredBrokers = "unregistered-brokers";
    /// No setting is in use that KRaft does not know.
    KraftConfigs = "kraft-configs";
    /// The id of the cluster is known: controllers are formatted with it.
    ClusterId = "cluster-id";
    /// Controllers are provisioned.
    Quorum = "quorum";
    /// Authorizer and credentials are ready for KRaft.
    Security = "security";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
