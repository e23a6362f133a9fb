//! The fields of a record: one table that the schema, the chain, the queries, the exports and the
//! reader of JSON lines share.
//!
//! What a record is looked for by is a column of `webhook_event_log`. The rest stands together in
//! two columns, `details` and `personal_details`, each a JSON object of what is not NULL: a value
//! that is bound and stored costs more than its bytes.

/// A field, beside `id` and the three of the chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The member of the JSON line, as `webhook-audit-layer` names it; empty where there is none.
    pub(crate) member: &'static str,
    /// Told of a person, and erased on demand.
    pub(crate) is_personal: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    /// A number that is 0 or 1.
    Flag,
    /// A number of microseconds since the epoch.
    Time,
    Blob,
    /// A text that is an array in JSON.
    List,
    /// A text, `key:word,key:word`, that is an object in JSON.
    Words,
}

macro_rules! columns {
    ($($id:ident $name:literal $kind:ident $member:literal $personal:literal;)+) => {
        /// First the [`OWN`] that are columns of the table; new ones come last.
        pub(crate) const COLUMNS: [Column; WIDTH] = [$(Column {
            name: $name,
            kind: Kind::$kind,
            member: $member,
            is_personal: $personal,
        }),+];

        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Field { $($id),+ }

        /// In the order of [`COLUMNS`].
        pub(crate) const FIELDS: [Field; WIDTH] = [$(Field::$id),+];

        /// How many there are.
        pub(crate) const WIDTH: usize = [$(Field::$id),+].len();
    };
}

columns! {
    Time "received_at" Time "ts" false;
    Event "event" Text "event" false;
    EventId "event_id" Text "id" false;
    Outcome "outcome" Text "outcome" false;
    Reason "reason" Text "reason" false;
    Status "status_code" Number "http.response.status_code" false;
    Client "client_address" Text "client.address" true;
    ClientKey "client_key" Blob "" true;
    Endpoint "endpoint" Text "webhook.source.id" false;
    BodyBytes "body_bytes" Number "http.request.body.size" false;
    TotalMicros "total_us" Number "total_us" false;
    Count "records" Number "records" false;

    Stage "stage" Text "webhook.reject.stage" false;
    RpcSystem "rpc_system" Text "rpc.system.name" false;
    RpcStatus "rpc_status" Text "rpc.status_code" false;
    ClientPort "client_port" Number "client.port" true;
    AddressError "address_error" Text "client.address.error" false;
    Peer "peer_address" Text "network.peer.address" true;
    PeerPort "peer_port" Number "network.peer.port" true;
    HttpVersion "http_version" Text "network.protocol.version" false;
    Scheme "scheme" Text "url.scheme" false;
    Provider "provider" Text "webhook.provider" false;
    SecretId "secret_id" Text "webhook.secret.id" false;
    Quota "quota" Text "webhook.quota" false;
    SecretsTried "secrets_tried" List "secrets_tried" false;
    Checks "checks" Words "checks" false;
    VerifyMicros "verify_us" Number "verify_us" false;
    HandlerMicros "handler_us" Number "handler_us" false;
    Method "method" Text "http.request.method" false;
    IsVerified "is_verified" Flag "webhook.verified" false;
    DeliveryId "delivery_id" Text "webhook.delivery.id" true;
    IdSigned "delivery_id_signed" Flag "webhook.delivery.id.signed" false;
    SignedAt "signed_at" Time "webhook.signed_at" false;
    EventType "event_type" Text "webhook.event.type" false;
    Note "note" Text "note" true;
    Route "route" Text "http.route" false;
    Path "path" Text "url.path" true;
    UserAgent "user_agent" Text "user_agent.original" true;
    Change "change_kind" Text "webhook.change" false;
    Target "change_target" Text "webhook.change.target" true;
    By "change_by" Text "webhook.change.by" true;
    Until "change_until" Time "webhook.change.until" false;
    Cuts "cuts" Text "webhook.audit.cuts" false;
    BodyDigest "body_digest" Text "webhook.body.digest" false;
}

/// How many fields are columns of the table.
pub(crate) const OWN: usize = Field::Count as usize + 1;
/// How many columns the table has, beside `id` and the three of the chain.
pub(crate) const STORED: usize = OWN + 2;

/// The columns of the table, in its order and that of the chain's encoding.
pub(crate) const TABLE: [Column; STORED] = table();

const fn details(name: &'static str, is_personal: bool) -> Column {
    Column {
        name,
        kind: Kind::Text,
        member: "",
        is_personal,
    }
}

const fn table() -> [Column; STORED] {
    let (own, _) = COLUMNS.split_at(OWN);
    let mut table = [details("details", false); STORED];
    let (first, last) = table.split_at_mut(OWN);
    first.copy_from_slice(own);
    if let [_, personal] = last {
        *personal = details("personal_details", true);
    }
    table
}

/// The names of the table's columns, for a `SELECT`.
pub(crate) fn names() -> String {
    TABLE.map(|column| column.name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, Field, OWN, STORED, TABLE, WIDTH};

    #[test]
    fn fields_and_columns_are_in_step() {
        assert_eq!(COLUMNS[Field::Time as usize].name, "received_at");
        assert_eq!(COLUMNS[Field::BodyDigest as usize].name, "body_digest");
        assert_eq!(Field::BodyDigest as usize + 1, WIDTH);
        assert_eq!(TABLE[OWN - 1].name, "records");
        assert_eq!(TABLE[STORED - 1].name, "personal_details");
    }
}
