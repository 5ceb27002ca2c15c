// https://www.etsi.org/deliver/etsi_ts/123000_123099/123038/: the basic table, and the extension table, whose characters take two places.
const GSM_7 = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\[~\]|€]*$/;
const GSM_7_EXTENSION = /[\^{}\\[~\]|€]/g;

const GSM_7_PLACES = 160;
const UCS_2_UNITS = 70;

/** Tells whether a text fits into one SMS segment: 160 places of GSM-7, or 70 UTF-16 code units if GSM-7 lacks a character. */
export function fitsOneSegment(text: string): boolean {
  if (!GSM_7.test(text)) return text.length <= UCS_2_UNITS;
  return text.length + (text.match(GSM_7_EXTENSION)?.length ?? 0) <= GSM_7_PLACES;
}
