// What an unmodified jsforce does against the sandbox. Reads {url, token, clientId, clientSecret, username,
// password, refreshToken, key, text, start, end, steps} from standard input, writes what every step saw to standard output.
'use strict';

const { Connection } = require('jsforce');

const step = {};

step.clientCredentials = async ({ config }) => {
  const { url: loginUrl, clientId, clientSecret } = config;
  const conn = new Connection({ oauth2: { loginUrl, clientId, clientSecret }, version: '67.0' });
  const user = await conn.authorize({ grant_type: 'client_credentials' });
  const limits = await conn.request('/services/data/v67.0/limits');
  const { username } = await conn.identity();
  return { user, username, instanceUrl: conn.instanceUrl, max: limits.DailyApiRequests.Max, usage: conn.limitInfo };
};

step.otherLogins = async ({ config }) => {
  const { url: loginUrl, clientId, clientSecret, username, password } = config;
  const sessions = {};
  const oauth = new Connection({ oauth2: { loginUrl, clientId, clientSecret }, version: '67.0' });
  await oauth.login(username, password);
  sessions.password = (await oauth.query('SELECT COUNT() FROM Task')).done;
  const refreshing = new Connection({
    oauth2: { loginUrl, clientId, clientSecret },
    instanceUrl: loginUrl,
    accessToken: 'expired',
    refreshToken: config.refreshToken,
    version: '67.0',
  });
  sessions.refresh = (await refreshing.query('SELECT COUNT() FROM Task')).done;
  const soap = new Connection({ loginUrl, version: '64.0' });
  const user = await soap.login(username, password);
  sessions.soap = [user.id.slice(0, 3), (await soap.query('SELECT COUNT() FROM Task')).done];
  const late = new Connection({ loginUrl, version: '65.0' });
  sessions.gone = await late.login(username, password).catch((error) => error.message);
  return sessions;
};

step.singles = async ({ conn }) => {
  const task = conn.sobject('Task');
  const created = await task.create({ Subject: 'Call – äöü 🎯', Priority: 'High' });
  const read = await task.retrieve(created.id);
  const updated = await task.update({ Id: created.id, Status: 'Completed' });
  const after = await task.retrieve(created.id);
  const deleted = await task.destroy(created.id);
  const again = await task.destroy(created.id).catch((error) => error.errorCode);
  return { created, read, updated, closed: after.IsClosed, deleted, again };
};

step.upsert = async ({ conn, config }) => {
  const task = conn.sobject('Task');
  const first = await task.upsert({ [config.key]: 'js-1', Subject: 'one' }, config.key);
  const second = await task.upsert({ [config.key]: 'js-1', Subject: 'two' }, config.key);
  return { first, second, subject: (await task.retrieve(first.id)).Subject };
};

step.paging = async ({ conn }) => {
  const page = await conn.query("SELECT Id, Subject FROM Task WHERE Subject LIKE 'page %' ORDER BY Subject");
  const next = await conn.queryMore(page.nextRecordsUrl);
  const every = await conn.query("SELECT Id FROM Task WHERE Subject LIKE 'page %'", { autoFetch: true });
  const subjects = (rows) => rows.map((row) => row.Subject);
  return {
    total: page.totalSize,
    done: [page.done, next.done],
    subjects: [subjects(page.records), subjects(next.records)],
    fetched: every.records.length,
  };
};

step.queryAll = async ({ conn }) => {
  const gone = await conn.sobject('Task').create({ Subject: 'gone for queryAll' });
  await conn.sobject('Task').destroy(gone.id);
  const soql = "SELECT Id, IsDeleted FROM Task WHERE Subject = 'gone for queryAll'";
  const shown = await conn.query(soql);
  const all = await conn.query(soql, { scanAll: true });
  return { shown: shown.totalSize, all: all.records.map((row) => row.IsDeleted) };
};

step.changes = async ({ conn, config }) => {
  const kept = await conn.sobject('Task').create({ Subject: 'kept' });
  const gone = await conn.sobject('Task').create({ Subject: 'gone' });
  await conn.sobject('Task').destroy(gone.id);
  const updated = await conn.updated('Task', config.start, config.end);
  const deleted = await conn.deleted('Task', config.start, config.end);
  return { kept: kept.id, gone: gone.id, updated, deleted };
};

step.collections = async ({ conn, config }) => {
  const rows = [{ Subject: 'row one' }, { Subject: 'x'.repeat(256) }, { Subject: 'row three' }];
  const created = await conn.create('Task', rows);
  const ids = created.filter((row) => row.success).map((row) => row.id);
  const updated = await conn.update('Task', ids.map((Id) => ({ Id, Priority: 'High' })));
  const keyed = [{ [config.key]: 'js-a', Subject: 'a' }, { [config.key]: 'js-b', Subject: 'b' }];
  const upserted = await conn.upsert('Task', keyed, config.key);
  const read = await conn.retrieve('Task', ids, { fields: ['Id', 'Priority'] });
  const deleted = await conn.destroy('Task', ids);
  return { created, updated, upserted, priorities: read.map((row) => row.Priority), deleted };
};

step.bulkIngest = async ({ conn, config }) => {
  const load = (operation, input, more = {}) =>
    conn.bulk2.loadAndWaitForResults({ object: 'Task', operation, input, ...more });
  const inserted = await load('insert', [{ Subject: 'bulk one' }, { Subject: 'x'.repeat(256) }]);
  const Id = inserted.successfulResults[0].sf__Id;
  const updated = await load('update', [{ Id, Subject: 'bulk changed', Description: null }]);
  const keyed = [{ [config.key]: 'js-bulk', Subject: 'keyed' }];
  const upserted = await load('upsert', keyed, { externalIdFieldName: config.key });
  const deleted = await load('delete', [{ Id }]);
  const bad = await load('insert', 'Nope\n1\n').catch((error) => error.message);
  return { inserted, updated, upserted, deleted, bad };
};

step.bulkByHand = async ({ conn }) => {
  const job = conn.bulk2.createJob({ object: 'Task', operation: 'insert' });
  const opened = await job.open();
  await job.uploadData('Subject\nby hand\n');
  await job.close();
  const states = [opened.state, job.getInfo().state, (await job.check()).state, (await job.check()).state];
  const unprocessed = await job.getUnprocessedRecords();
  const aborted = conn.bulk2.createJob({ object: 'Task', operation: 'insert' });
  await aborted.open();
  await aborted.abort();
  return { states, unprocessed, aborted: (await aborted.check()).state, deleted: (await job.delete()) ?? null };
};

step.bulkQuery = async ({ conn }) => {
  const read = async (soql, options) => (await conn.bulk2.query(soql, options)).toArray();
  const soql = "SELECT Id, Subject, IsDeleted, Owner.Name FROM Task WHERE Subject LIKE 'page %' ORDER BY Subject";
  return { shown: await read(soql), all: await read(soql, { scanAll: true }) };
};

step.roundTrip = async ({ conn, config }) => {
  const [saved] = await conn.create('Task', [{ Subject: 'by collection', Description: config.text }]);
  const [row] = await conn.retrieve('Task', [saved.id], { fields: ['Description'] });
  const input = [{ Subject: 'by bulk', Description: config.text }];
  const loaded = await conn.bulk2.loadAndWaitForResults({ object: 'Task', operation: 'insert', input });
  const records = await (
    await conn.bulk2.query("SELECT Description FROM Task WHERE Subject = 'by bulk'")
  ).toArray();
  return {
    byCollection: row.Description === config.text,
    result: loaded.successfulResults[0].Description === config.text,
    byBulk: records[0].Description === config.text,
  };
};

async function main() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const config = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  const conn = new Connection({ instanceUrl: config.url, accessToken: config.token, version: '67.0' });
  conn.bulk2.pollInterval = 5;
  const seen = {};
  for (const name of config.steps) seen[name] = await step[name]({ conn, config });
  process.stdout.write(JSON.stringify(seen));
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
