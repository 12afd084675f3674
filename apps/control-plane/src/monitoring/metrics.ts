/** Numbers for Prometheus, in its text format 0.0.4. What a number is about is in its labels; their values come from code, never from a request. */

export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  add(labels: Labels, amount?: number): void;
}

export interface Gauge {
  add(labels: Labels, amount: number): void;
}

export interface Histogram {
  observe(labels: Labels, value: number): void;
}

/** A number that is found out when it is asked for. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

type Kind = 'counter' | 'gauge' | 'histogram';

interface Family {
  readonly name: string;
  readonly kind: Kind;
  readonly help: string;
  readonly lines: () => Promise<readonly string[]>;
}

/** Holds the families of one process. */
export class Metrics {
  readonly #families = new Map<string, Family>();

  /** Something that only grows. The name ends with `_total`. */
  counter(name: string, help: string): Counter {
    return this.#summed(name, 'counter', help);
  }

  /** Something that goes up and down. */
  gauge(name: string, help: string): Gauge {
    return this.#summed(name, 'gauge', help);
  }

  /** Numbers that are found out at each scrape. When that fails the family is left out of it, and the scrape goes on. */
  collected(name: string, kind: 'counter' | 'gauge', help: string, collect: () => Promise<readonly Sample[]>): void {
    this.#add({
      name,
      kind,
      help,
      lines: async () => {
        const samples = await collect().catch(() => []);
        return samples.map(({ labels, value }) => line(name, labels, value));
      },
    });
  }

  /** How values are spread; `bounds` ascend. */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    const series = new Map<string, { readonly labels: Labels; readonly counts: number[]; sum: number }>();
    this.#add({
      name,
      kind: 'histogram',
      help,
      lines: async () => [...series.values()].flatMap((one) => histogramLines(name, bounds, one)),
    });
    return {
      observe: (labels, value) => {
        const key = text(labels);
        const one = series.get(key) ?? { labels, counts: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 };
        series.set(key, one);
        const at = bounds.findIndex((bound) => value <= bound);
        const slot = at === -1 ? bounds.length : at;
        one.counts[slot] = (one.counts[slot] ?? 0) + 1;
        one.sum += value;
      },
    };
  }

  /** The names of all families. */
  names(): readonly string[] {
    return [...this.#families.keys()];
  }

  /** Everything, as it is served. */
  async text(): Promise<string> {
    const parts: string[] = [];
    for (const { name, kind, help, lines } of this.#families.values()) {
      const own = await lines();
      if (own.length === 0) continue;
      parts.push(
        `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
        `# TYPE ${name} ${kind}`,
        ...own,
      );
    }
    return `${parts.join('\n')}\n`;
  }

  #summed(name: string, kind: 'counter' | 'gauge', help: string): Counter & Gauge {
    const series = new Map<string, { readonly labels: Labels; value: number }>();
    this.#add({
      name,
      kind,
      help,
      lines: async () => [...series.values()].map(({ labels, value }) => line(name, labels, value)),
    });
    return {
      add: (labels, amount = 1) => {
        const key = text(labels);
        const one = series.get(key) ?? { labels, value: 0 };
        series.set(key, one);
        one.value += amount;
      },
    };
  }

  #add(family: Family): void {
    if (this.#families.has(family.name)) throw new Error(`The metric ${family.name} is there already.`);
    this.#families.set(family.name, family);
  }
}

function histogramLines(
  name: string,
  bounds: readonly number[],
  { labels, counts, sum }: { readonly labels: Labels; readonly counts: readonly number[]; readonly sum: number },
): readonly string[] {
  let count = 0;
  const buckets = counts.map((own, at) => {
    count += own;
    return line(`${name}_bucket`, { ...labels, le: at === bounds.length ? '+Inf' : String(bounds[at]) }, count);
  });
  return [...buckets, line(`${name}_sum`, labels, sum), line(`${name}_count`, labels, count)];
}

function line(name: string, labels: Labels, value: number): string {
  return `${name}${text(labels)} ${value}`;
}

/** Labels that are the same object again and again, as with every request, are written out once. */
const texts = new WeakMap<Labels, string>();

function text(labels: Labels): string {
  const known = texts.get(labels);
  if (known !== undefined) return known;
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  const written = pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
  texts.set(labels, written);
  return written;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
