-- For example 180004
SELECT current_setting('server_version_num')
