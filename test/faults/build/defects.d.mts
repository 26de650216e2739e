export interface Defect {
  name: string;
  about: string;
}
export declare const defects: Defect[];
