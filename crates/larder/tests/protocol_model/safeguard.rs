//! What keeps a cached answer from being a lie. Each can be left out of the model, and must then be missed.

use crate::scene::{self, Scene};

/// A rule of the protocol (docs/coherence.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Safeguard {
    /// A fill reads its data and its stamp in one snapshot. Otherwise: the data, and some time later the stamp.
    StampIsOfTheDatasSnapshot,
    /// A poll asks for all that the previous poll's *snapshot* did not see. Otherwise: all with a higher serial number.
    CursorIsASnapshot,
    /// What was open when the previous poll looked is asked for again. Otherwise: only what began since.
    CursorNamesWhatWasOpen,
    /// `asked_at` is the time before the poll was sent. Otherwise: when its answer came.
    AskedAtIsReadBeforeSending,
    /// A ledger is relied on for so long. Otherwise: for ever.
    LeaseIsChecked,
    /// An entry is compared with the changes that its snapshot does not see. Otherwise: it is true while it is there.
    EntryIsCompared,
    /// A change carries the values before and after. Otherwise: only those after.
    ChangeCarriesOldAndNew,
    /// Nothing is read for a cache inside a transaction that writes.
    NoFillInsideAWriter,
    /// Who joins a fill under way tests what it brings. Otherwise: takes it as new, since it only just came.
    JoinerTestsTheFill,
    /// A fill notes the ledger's life and generation before it reads. Otherwise: when it is kept.
    TicketIsTakenBeforeTheLoad,
    /// A crash ends the life, since numbers of transactions are given out again.
    CrashEndsTheLife,
    /// So does whatever alters rows without a trigger, such as `ALTER TABLE … USING`.
    SchemaChangeEndsTheLife,
    /// An entry from Redis names its life, and that must be the ledger's.
    EntryNamesItsLife,
    /// And its key: clients have been seen to hand out another key's bytes.
    EntryNamesItsKey,
    /// It is compared with all changes that are remembered, like nothing that this node has made. Otherwise: with those that come
    /// after it was found.
    ForeignEntryIsComparedWithAll,
    /// It is given with the life that was known before it was read. Otherwise: with that of the moment when it is given.
    GivenEntryNamesTheLifeOfItsLoad,
    /// Who begins and would judge what others kept reads all changes since the floor first. Otherwise: begins with the floor, and
    /// hears of nothing but what comes.
    BeginnerReadsAllChanges,
    /// An entry is no older than what its ledger knows of: than its beginning, and than what was pruned.
    KnowledgeHasABeginning,
    /// A poll with more changes than it carries says so. Otherwise: it carries none.
    TooManyIsSaid,
    /// Who has written waits until the ledger sees that. Otherwise: only for the lease, as anybody.
    TokenIsWaitedFor,
    /// The poll that is waited for is one that was sent afterwards. Otherwise: the next that comes in.
    TokenWaitsForAPollSentLater,
    /// A token that names another life than the ledger is waited for like any. Otherwise: it is ignored at once.
    TokenOfAnotherLifeIsWaitedFor,
    /// A token names the life that its number belongs to. Otherwise: only the number.
    TokenNamesItsLife,
}

impl Safeguard {
    /// All of them, each with a scene that misses it.
    pub(crate) const ALL: [(Safeguard, Scene); 23] = {
        use Safeguard::*;
        [
            (StampIsOfTheDatasSnapshot, scene::ONE_NODE),
            (CursorIsASnapshot, scene::TWO_WRITERS),
            (CursorNamesWhatWasOpen, scene::ONE_NODE),
            (AskedAtIsReadBeforeSending, scene::ONE_NODE),
            (LeaseIsChecked, scene::ONE_NODE),
            (EntryIsCompared, scene::ONE_NODE),
            (ChangeCarriesOldAndNew, scene::ONE_QUERY),
            (NoFillInsideAWriter, scene::ONE_NODE),
            (JoinerTestsTheFill, scene::ONE_NODE),
            (TicketIsTakenBeforeTheLoad, scene::CRASH),
            (CrashEndsTheLife, scene::CRASH),
            (SchemaChangeEndsTheLife, scene::SCHEMA_CHANGE),
            (EntryNamesItsLife, scene::CRASH_WITH_REDIS),
            (EntryNamesItsKey, scene::REDIS),
            (ForeignEntryIsComparedWithAll, scene::REDIS_WITH_HISTORY),
            (GivenEntryNamesTheLifeOfItsLoad, scene::CRASH_WITH_REDIS),
            (BeginnerReadsAllChanges, scene::REDIS_WITH_HISTORY),
            (KnowledgeHasABeginning, scene::REDIS),
            (TooManyIsSaid, scene::TOO_MANY),
            (TokenIsWaitedFor, scene::OWN_WRITES),
            (TokenWaitsForAPollSentLater, scene::OWN_WRITES),
            (TokenOfAnotherLifeIsWaitedFor, scene::OWN_WRITES_AND_CRASH),
            (TokenNamesItsLife, scene::OWN_WRITES_AND_CRASH),
        ]
    };
}
