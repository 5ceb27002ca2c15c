import type { NodeSetting } from '../../api/map.ts';
import { age, count } from '../../parts/format.ts';
import { language } from '../../parts/language.ts';

const DAY_SECONDS = 86_400;

/** Writes the value of a setting with its unit. */
export function settingWords({ value, unit }: NodeSetting): string {
  if (typeof value === 'string') return value;
  switch (unit) {
    case 'seconds':
      return age(value);
    case 'days':
      return age(value * DAY_SECONDS);
    case 'megabytes':
      return new Intl.NumberFormat(language.value, { style: 'unit', unit: 'megabyte' }).format(value);
    default:
      return count(value);
  }
}
