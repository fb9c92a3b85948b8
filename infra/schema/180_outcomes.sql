-- The read model `rollouts` is gone: `outcomes` tells what it told, by customer. Whoever still runs the former release does without its figures.

DROP TABLE IF EXISTS retrace.rollouts, retrace.rollouts_figures, retrace_next.rollouts, retrace_next.rollouts_figures,
    retrace_old.rollouts, retrace_old.rollouts_figures;
DELETE FROM builds WHERE projection = 'rollouts';
DELETE FROM cursors WHERE projection = 'rollouts';
DELETE FROM retrace_next.cursors WHERE projection = 'rollouts';
DELETE FROM retrace_old.cursors WHERE projection = 'rollouts';
DELETE FROM parked WHERE projection = 'rollouts';
DELETE FROM retrace_next.parked WHERE projection = 'rollouts';
DELETE FROM retrace_old.parked WHERE projection = 'rollouts';
