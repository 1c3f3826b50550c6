import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { msToTs } from '@temporalio/common/lib/time';
import { reachTemporal } from '../../../workers/temporal/reach';
import { registerSearchAttributes } from '../../../workers/temporal/register-search-attributes';
import { probe } from '../../../workers/temporal/serving';
import { SEARCH_ATTRIBUTES, TASK_STATUS } from '../../../workflows/search-attributes';
import { createNamespace, type TestNamespace } from '../../helpers/namespace';
import { waitUntil } from '../../helpers/wait-until';

const KEYWORD = 2;

describe('a Temporal server that is already there', () => {
  let there: TestNamespace;
  beforeAll(async () => {
    there = await createNamespace('existing');
  });
  afterAll(() => there.close());

  /** A namespace without any of our attributes. */
  async function bareNamespace(namespace: string) {
    await there.connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    });
    await waitUntil(() => there.connection.operatorService.listSearchAttributes({ namespace }), {
      what: namespace,
    });
    return { ...there.temporal, namespace };
  }
  const attributes = async (namespace: string) =>
    Object.keys(
      (await there.connection.operatorService.listSearchAttributes({ namespace })).customAttributes ?? {},
    );

  it('gets our search attributes, and a query can use them', async () => {
    const bare = await bareNamespace(`${there.namespace}-bare`);
    await expect(probe(there.connection, bare.namespace)).rejects.toThrow(
      /ClaimableSince|TaskStatus|search attribute/,
    );
    await registerSearchAttributes(bare);
    await probe(there.connection, bare.namespace);
  });

  it('gets only those that are missing, also when two do it at once', async () => {
    const bare = await bareNamespace(`${there.namespace}-part`);
    await there.connection.operatorService.addSearchAttributes({
      namespace: bare.namespace,
      searchAttributes: { TaskStatus: KEYWORD, Extra: KEYWORD },
    });
    await Promise.all([registerSearchAttributes(bare), registerSearchAttributes(bare)]);
    await registerSearchAttributes(bare);
    const names = await attributes(bare.namespace);
    expect(names.toSorted()).toEqual([...SEARCH_ATTRIBUTES.map(({ name }) => name), 'Extra'].toSorted());
  });

  it('is refused when one of them has another type there', async () => {
    const bare = await bareNamespace(`${there.namespace}-wrong`);
    await there.connection.operatorService.addSearchAttributes({
      namespace: bare.namespace,
      searchAttributes: { TaskPriority: KEYWORD },
    });
    await expect(registerSearchAttributes(bare)).rejects.toThrow('TaskPriority is Keyword, expected Int');
  });

  it('is reached', async () => {
    await reachTemporal(there.temporal, AbortSignal.timeout(5_000));
  });

  it('is not reached where nothing listens', async () => {
    const nowhere = {
      ...there.temporal,
      address: '127.0.0.1:1',
      connectionOptions: { address: '127.0.0.1:1' },
    };
    await expect(reachTemporal(nowhere, AbortSignal.timeout(100))).rejects.toThrow(
      /^no Temporal server answers at 127\.0\.0\.1:1/,
    );
  }, 20_000);

  it('says when it has no such namespace', async () => {
    const other = { ...there.temporal, namespace: 'nobody-made-me' };
    await expect(reachTemporal(other, AbortSignal.timeout(100))).rejects.toThrow(
      `the Temporal server at ${there.address} has no namespace nobody-made-me; make it, or set TEMPORAL_NAMESPACE`,
    );
  }, 20_000);
});

it('each test file has a namespace of its own', async () => {
  const [one, other] = await Promise.all([createNamespace(), createNamespace()]);
  try {
    await one.client.workflow.start('none', {
      workflowId: 'only-in-one',
      taskQueue: 'none',
      typedSearchAttributes: [{ key: TASK_STATUS, value: 'created' }],
    });
    const count = async ({ client }: TestNamespace) =>
      (await client.workflow.count(`TaskStatus = 'created'`)).count;
    await waitUntil(async () => (await count(one)) === 1, { what: 'the workflow to be listed' });
    expect(await count(other)).toBe(0);
  } finally {
    await one.close();
    await other.close();
  }
});
