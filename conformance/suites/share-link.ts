import { parseAddress } from '../../src/protocol/addresses/address.ts';
import { formatShareLink, parseShareLink } from '../../src/protocol/links/share-link.ts';
import { asObject, asOctets, asText, MalformedVectors, toHex } from '../json.ts';
import type { Suite } from '../suite.ts';

export const shareLinks: Suite = {
  name: 'share links',
  sections: ['generated.share_link'],
  run(section, value, report) {
    const entry = asObject(value, section);
    const shareId = asText(entry.share_id_hex, 'share_id_hex');
    const pubkey = asText(entry.share_pubkey_hex, 'share_pubkey_hex');
    for (const name of ['link', 'link_with_bootstrap']) {
      const text = asText(entry[name], name);
      const parsed = parseShareLink(text);
      report.equal(`${name} read`, 'ok', parsed.ok ? 'ok' : parsed.reason);
      if (!parsed.ok) continue;
      report.equal(`${name} id`, shareId, toHex(parsed.link.shareId));
      report.equal(`${name} key`, pubkey, toHex(parsed.link.sharePubkey));
      const bootstrap = bootstrapOf(text).map((address) => {
        const result = parseAddress(address);
        if (!result.ok) throw new MalformedVectors(`bootstrap ${address}: ${result.reason}`);
        return result.address;
      });
      report.equal(`${name} bootstrap`, JSON.stringify(bootstrap), JSON.stringify(parsed.link.bootstrap));
      report.equal(`${name} again`, text, formatShareLink(asOctets(pubkey, 'share_pubkey_hex'), bootstrap));
    }
  },
};

function bootstrapOf(link: string): string[] {
  const bp = new URL(link).searchParams.get('bp');
  return bp === null ? [] : bp.split(',');
}
