-- What the pages in Airflow ask: tasks by the words of their titles, and what a person says of a parked row.
-- What is neither letter nor digit goes: to the parser of texts <b>tasks</b> are marks without a word.
CREATE INDEX link_words ON bridge.link USING gin (
    to_tsvector('simple', regexp_replace(coalesce(sc_title, '') || ' ' || coalesce(sf_title, ''), '[^[:alnum:]]+', ' ', 'g'))
);
-- both:
-- The same of records that runs left aside. One entry a row that was.
CREATE INDEX {side}_task_words ON staging.{side}_task USING gin (
    to_tsvector('simple', regexp_replace(coalesce(title, ''), '[^[:alnum:]]+', ' ', 'g'))
) WHERE disposition IN ('ignored', 'deferred', 'held', 'waiting', 'released', 'dead_letter');
-- end

ALTER TABLE bridge.dead_letter ADD COLUMN ignored_at timestamptz;
COMMENT ON COLUMN bridge.dead_letter.ignored_at IS 'When a person said that the row stays as it is: it is not parked any more and not tried again by the clock. Null otherwise; another error ends it';

CREATE TABLE bridge.parked_answer ( -- One row is what a person said of a parked row: to try it again now, or to let it be.
    answer_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- Number of the answer
    dead_letter_id bigint NOT NULL REFERENCES bridge.dead_letter ON DELETE CASCADE, -- The parked row
    answer text NOT NULL CHECK (answer IN ('retry', 'ignore')), -- retry: tried again by the next run. ignore: left as it is
    reason text CHECK (answer <> 'ignore' OR reason ~ '\S'), -- Why it is ignored (personal)
    answered_by bridge.person, -- Who said so, as Airflow names the person (personal)
    answered_at timestamptz NOT NULL DEFAULT now() -- When
);
CREATE INDEX parked_answer_row ON bridge.parked_answer (dead_letter_id);
