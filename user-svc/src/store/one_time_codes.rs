//! One-time codes.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::one_time_code::{MAX_TRIES, MAX_TRIES_OF_STRANGERS, Purpose};

/// A code on its way into the table.
pub(crate) struct NewCode {
    pub(crate) code_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) purpose: Purpose,
    pub(crate) code_hash: [u8; 32],
    pub(crate) issue_time: DateTime<Utc>,
    pub(crate) expire_time: DateTime<Utc>,
}

/// What happens to an earlier code that still works.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Earlier {
    /// It stays, and no new code is issued.
    Keep,
    /// It stops working.
    Supersede,
}

/// A stored code that somebody tries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TriedCode {
    pub(crate) code_id: Uuid,
    pub(crate) code_hash: Vec<u8>,
    pub(crate) expire_time: DateTime<Utc>,
    /// How often it was tried, by strangers or from one place.
    pub(crate) tries: i32,
}

/// What there is to compare with at one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The code that was issued last, with the tries of all strangers.
    pub(crate) newest: Option<TriedCode>,
    /// The code of the place, with the tries there.
    pub(crate) of_place: Option<TriedCode>,
}

/// Where a code is asked for.
#[derive(Clone, Copy)]
pub(crate) struct AskingPlace {
    /// A device at a network; nothing where the network is not known.
    pub(crate) own: Option<[u8; 32]>,
    /// The network alone.
    pub(crate) network: [u8; 32],
}

impl AskingPlace {
    fn all(&self) -> Vec<Vec<u8>> {
        self.own.iter().chain([&self.network]).map(|hash| hash.to_vec()).collect()
    }
}

/// Stores a code in place of the earlier one and answers whether it did: not if the earlier one still works there and is
/// to stay. How many codes there may be is counted where they are asked for, by mailbox and network. The place where it was
/// asked for has tries of its own, from zero.
pub(crate) async fn issue(
    connection: &mut PgConnection,
    code: &NewCode,
    earlier: Earlier,
    place: &AskingPlace,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        WITH issued AS (
            INSERT INTO one_time_codes AS current
                (user_id, purpose, code_id, code_hash, issue_time, expire_time, window_start)
            VALUES ($1, $2, $3, $4, $5, $6, $5)
            ON CONFLICT (user_id, purpose) DO UPDATE
            SET code_id = EXCLUDED.code_id,
                code_hash = EXCLUDED.code_hash,
                tries = 0,
                issue_time = EXCLUDED.issue_time,
                expire_time = EXCLUDED.expire_time,
                use_time = NULL
            WHERE $7
                OR current.use_time IS NOT NULL
                OR current.expire_time <= $5
                OR current.tries >= $8
                OR EXISTS (
                    SELECT
                    FROM code_tries AS here
                    WHERE here.user_id = $1
                        AND here.purpose = $2
                        AND here.place_hash = ANY($10)
                        AND here.code_id = current.code_id
                        AND here.tries >= $11
                )
            RETURNING user_id, purpose, code_id, code_hash, expire_time
        ),
        of_place AS (
            INSERT INTO code_tries (user_id, purpose, place_hash, code_id, code_hash, tries, expire_time)
            SELECT user_id, purpose, $9, code_id, code_hash, 0, expire_time
            FROM issued
            WHERE $9::bytea IS NOT NULL
            ON CONFLICT (user_id, purpose, place_hash) DO UPDATE
            SET code_id = EXCLUDED.code_id,
                code_hash = EXCLUDED.code_hash,
                tries = 0,
                expire_time = EXCLUDED.expire_time
        )
        SELECT EXISTS (SELECT FROM issued) AS "issued!"
        "#,
        code.user_id,
        code.purpose.as_str(),
        code.code_id,
        &code.code_hash,
        code.issue_time,
        code.expire_time,
        earlier == Earlier::Supersede,
        MAX_TRIES_OF_STRANGERS,
        place.own.as_ref().map(<[u8; 32]>::as_slice),
        &place.all(),
        MAX_TRIES,
    )
    .fetch_one(connection)
    .await
}

/// Answers what there is to compare with. The caller holds the row of the account until the try is counted, so that
/// concurrent guesses cannot share one.
pub(crate) async fn standing(
    connection: &mut PgConnection,
    user_id: Uuid,
    purpose: Purpose,
    place_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> sqlx::Result<Standing> {
    let rows = sqlx::query!(
        r#"
        SELECT code_id AS "code_id!", code_hash AS "code_hash!", expire_time AS "expire_time!", tries AS "tries!",
            false AS "of_place!"
        FROM one_time_codes
        WHERE user_id = $1
            AND purpose = $2
            AND use_time IS NULL
            AND expire_time > $4
        UNION ALL
        SELECT code_id, code_hash, expire_time, tries, true
        FROM code_tries
        WHERE user_id = $1
            AND purpose = $2
            AND place_hash = $3
            AND expire_time > $4
        "#,
        user_id,
        purpose.as_str(),
        place_hash,
        now,
    )
    .fetch_all(connection)
    .await?;
    let mut standing = Standing::default();
    for row in rows {
        let tried = TriedCode {
            code_id: row.code_id,
            code_hash: row.code_hash,
            expire_time: row.expire_time,
            tries: row.tries,
        };
        *(if row.of_place { &mut standing.of_place } else { &mut standing.newest }) = Some(tried);
    }
    Ok(standing)
}

/// Keeps what a try has made of the code of a place, and counts it as one of strangers' where it is.
pub(crate) async fn count_try(
    connection: &mut PgConnection,
    user_id: Uuid,
    purpose: Purpose,
    place_hash: &[u8; 32],
    of_place: &TriedCode,
    stranger: bool,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        WITH strangers AS (
            UPDATE one_time_codes
            SET tries = tries + 1
            WHERE user_id = $1
                AND purpose = $2
                AND $7
        )
        INSERT INTO code_tries (user_id, purpose, place_hash, code_id, code_hash, tries, expire_time)
        VALUES ($1, $2, $3, $4, $5, $6, $8)
        ON CONFLICT (user_id, purpose, place_hash) DO UPDATE
        SET code_id = EXCLUDED.code_id,
            code_hash = EXCLUDED.code_hash,
            tries = EXCLUDED.tries,
            expire_time = EXCLUDED.expire_time
        "#,
        user_id,
        purpose.as_str(),
        place_hash,
        of_place.code_id,
        &of_place.code_hash,
        of_place.tries,
        stranger,
        of_place.expire_time,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Uses up all codes of a purpose: of several that were asked for, the one that was typed in ends the others.
pub(crate) async fn use_up(
    connection: &mut PgConnection,
    user_id: Uuid,
    purpose: Purpose,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        WITH of_places AS (
            DELETE FROM code_tries
            WHERE user_id = $1
                AND purpose = $2
        )
        UPDATE one_time_codes
        SET use_time = $3
        WHERE user_id = $1
            AND purpose = $2
        "#,
        user_id,
        purpose.as_str(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
