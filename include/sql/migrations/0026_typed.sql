CREATE FUNCTION bridge.zone_of(told text) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    -- For these PostgreSQL knows an abbreviation without summer time, which it would take.
    moved constant jsonb := '{"cet": "Europe/Brussels", "met": "Europe/Brussels", "eet": "Europe/Athens", "wet": "Europe/Lisbon"}';
    -- Zones of one word; what else has no slash is an abbreviation or a POSIX rule, whose sign is the other way round.
    words constant text[] := string_to_array(
        'utc,gmt,uct,zulu,greenwich,universal,gmt0,gmt+0,gmt-0,est,mst,hst,est5edt,cst6cdt,mst7mdt,pst8pdt,cuba,egypt,eire,gb,'
        'gb-eire,hongkong,iceland,iran,israel,jamaica,japan,kwajalein,libya,navajo,nz,nz-chat,poland,portugal,prc,roc,rok,'
        'singapore,turkey,w-su', ','
    );
    zone text := coalesce(moved ->> lower(told), told);
BEGIN
    IF lower(zone) = ANY (words) OR (zone ~ '^[A-Za-z]+(/[A-Za-z0-9_+-]+)+$' AND zone !~* '^(posix|right|systemv)/') THEN
        PERFORM now() AT TIME ZONE zone;
        RETURN zone;
    END IF;
    RETURN 'UTC';
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN 'UTC';
END
$$;
COMMENT ON FUNCTION bridge.zone_of IS
    'The IANA time zone that a user''s setting names; UTC for anything else, such as UTC+12, an abbreviation, or a zone that the server does not know.';

CREATE OR REPLACE FUNCTION bridge.today_in(zone text) RETURNS date
LANGUAGE sql STABLE
RETURN (now() AT TIME ZONE bridge.zone_of(zone))::date;
COMMENT ON FUNCTION bridge.today_in IS
    'Today''s date in an IANA time zone; in UTC for what is none, so that one user''s setting does not break a view for all.';
COMMENT ON COLUMN bridge.user_map.time_zone IS 'Time zone as Sales Connect tells it; bridge.zone_of tells how it is understood';
