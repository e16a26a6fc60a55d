-- People were told that it is over
DELETE FROM bridge.notice WHERE subject = :subject
