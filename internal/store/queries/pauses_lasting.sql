-- pauses_lasting: what is paused by label or as a whole; everything is without a label.
SELECT label_name, label_value, paused_at, paused_by, reason, NULL::timestamptz AS resumed_at, NULL AS resumed_by,
    false AS run_missed
FROM pgdue.lasting_pauses
ORDER BY label_name NULLS FIRST, label_value
