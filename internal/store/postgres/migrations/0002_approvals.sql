-- What somebody had to say yes to, and what they said: never deleted.

CREATE TABLE approvals (
    id           text COLLATE "C" PRIMARY KEY,
    enrollment   text COLLATE "C" NOT NULL,
    path         text COLLATE "C" NOT NULL,
    step         text COLLATE "C" NOT NULL,
    playbook     text COLLATE "C" NOT NULL,
    account      text COLLATE "C" NOT NULL,
    kind         text COLLATE "C" NOT NULL,
    title        text COLLATE "C" NOT NULL,
    amount       text COLLATE "C" NOT NULL,
    in_exchange  text COLLATE "C" NOT NULL,
    sunset_at    timestamptz,
    requested_by text COLLATE "C" NOT NULL,
    role         text COLLATE "C" NOT NULL,
    approver     text COLLATE "C" NOT NULL,
    asked_at     timestamptz,
    status       text COLLATE "C" NOT NULL,
    decided_by   text COLLATE "C" NOT NULL,
    decided_at   timestamptz,
    note         text COLLATE "C" NOT NULL
);
CREATE INDEX approvals_by_account ON approvals (account, asked_at NULLS FIRST, id);
