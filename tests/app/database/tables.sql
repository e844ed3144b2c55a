-- sqlite

CREATE TABLE hero (
	name VARCHAR NOT NULL,
	age INTEGER,
	secret_name VARCHAR NOT NULL,
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	CONSTRAINT hero_name CHECK (length(name) >= 1 AND length(name) <= 100),
	CONSTRAINT hero_age CHECK (age >= 0 AND age <= 1000000),
	CONSTRAINT hero_secret_name CHECK (length(secret_name) >= 1 AND length(secret_name) <= 100),
	CONSTRAINT hero_id CHECK (id >= 1 AND id <= 9007199254740991)
);

CREATE INDEX hero_by_age ON hero (age, id);

CREATE INDEX hero_by_name ON hero (name, id);

CREATE INDEX hero_by_name_and_age ON hero (name, age, id);

-- postgresql

CREATE TABLE hero (
	name VARCHAR NOT NULL,
	age INTEGER,
	secret_name VARCHAR NOT NULL,
	id BIGSERIAL NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT hero_name CHECK (length(name) >= 1 AND length(name) <= 100),
	CONSTRAINT hero_age CHECK (age >= 0 AND age <= 1000000),
	CONSTRAINT hero_secret_name CHECK (length(secret_name) >= 1 AND length(secret_name) <= 100),
	CONSTRAINT hero_id CHECK (id >= 1 AND id <= 9007199254740991)
);

CREATE INDEX hero_by_age ON hero (age, id);

CREATE INDEX hero_by_name ON hero (name, id);

CREATE INDEX hero_by_name_and_age ON hero (name, age, id);
