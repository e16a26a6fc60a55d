-- People were told
INSERT INTO bridge.notice AS known (subject, text, up_to)
VALUES (:subject, :text, :up_to)
ON CONFLICT (subject) DO UPDATE SET text = excluded.text, up_to = excluded.up_to, told_at = now()
