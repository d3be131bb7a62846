-- What is true of an account now, but of goals, which stay true for good: seldom much.

CREATE INDEX truths_true ON truths (account) WHERE truth AND left(trigger, 5) <> 'goal:';
